import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

/// Whole boots: OVMF with Secure Boot, Debian's signed shim, GRUB and kernel, and the initrd that its own tools
/// made. Each attack changes one thing of a machine that was seen to boot unattended before.
@Suite(.enabled(if: builtDisk.isBuilt, "there is no demo disk: run `make image` first"))
final class BootStoryTests {
    private let folder = NSTemporaryDirectory() + "/sealroot-vm-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    @Test func bootsUnattendedAfterItsOwnersUpdatesAndRefusesWhatAHostMayChange() throws {
        let (computer, updates) = try EnrolledComputer.copy(to: folder)

        // It comes up by itself, and nobody is asked for anything.
        var machine = try computer.unattended()
        let status = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)
        #expect(status["result"] == .string("unlocked"))
        #expect(status["mapping"] == .string("root"))
        let steps = status["steps"]?.array?.compactMap { $0["name"]?.string }
        #expect(
            steps == [
                "configure", "prepare", "copy-header", "find-key", "check-boot", "unseal", "authenticate", "open",
                "fence",
            ])
        let chain = try #require(status["chain"]?.array)
        #expect(chain.count == 10 && chain.allSatisfy { $0["verdict"] == .string("ok") })
        // The running system can look once more, after the fence, too.
        #expect(try machine.run("sealroot-init check").status == 0)
        #expect(try #require(status["tpm_commands"]?.integer) <= 18)
        #expect(try machine.run("od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-*").output.contains("1"))
        #expect(try machine.run("findmnt -no SOURCE /").output.contains("/dev/mapper/root"))

        // PCR 15 names the volume as systemd would: HMAC(volume key, "cryptsetup:<mapping>:<UUID>").
        #expect(try pcr15(of: machine) == expectedPCR15(of: machine))

        // What userspace extended is in the log that systemd keeps for it.
        let log = "/run/log/systemd/tpm2-measure.log"
        #expect(try machine.run("stat -c %a,%U \(log)").output.contains("600,root"))
        let text = try machine.run("base64 -w0 \(log)").output
        let file = try Scratch()
        try file.write(Array(try #require(Data(base64Encoded: text))), to: "log")
        let replayed = try MeasurementReplay.values(ofLogAt: file.file("log"), isOfThisBoot: false)
        #expect(replayed.keys.contains("sha256:12") && replayed.keys.contains("sha256:15"))
        #expect(try SoftwareTPM.values(in: machine.run("tpm2_pcrread").output, of: [12, 15]) == replayed)

        // The fence: the running system cannot unseal again.
        #expect(try machine.run("sealroot-init unlock --no-activate").status == 77)

        try updates.expectForbidden(on: machine)
        try updates.installShimAndGRUB(on: machine)
        try machine.powerOff()
        machine = try computer.unattended()
        updates.expectShimAndGRUB(on: machine.transcript)

        try machine.changeCommandLineAsHost()
        try machine.powerOff()
        try requireRefusal(computer, naming: "PCR 8")
    }

    private func pcr15(of machine: VirtualMachine) throws -> String {
        let output = try machine.run("tpm2_pcrread sha256:15 | grep -o 0x.*").output
        return output.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    }

    /// Computed by openssl on this side, from the key that cryptsetup dumps over there.
    private func expectedPCR15(of machine: VirtualMachine) throws -> String {
        let key = try String(contentsOfFile: builtDisk.recoveryKeyPath, encoding: .utf8)
        let dump =
            "printf %s \(key) > /run/k; cryptsetup luksDump -q --dump-volume-key --volume-key-file /run/v --key-file /run/k"
            + " /dev/vda3 >/dev/null; od -An -v -tx1 /run/v | tr -d ' \\n'; echo; rm /run/k /run/v; blkid -s UUID -o value /dev/vda3"
        let lines = try machine.run(dump).output.split(separator: "\n").filter { !$0.contains(" ") }
        let (volumeKey, uuid) = (try #require(lines.first), try #require(lines.last))
        #expect(volumeKey.count == 128)
        let script =
            "printf 'cryptsetup:root:\(uuid)' | openssl dgst -sha256 -mac HMAC -macopt hexkey:\(volumeKey) -binary"
            + " | { head -c 32 /dev/zero; cat; } | openssl dgst -sha256 -r | cut -c1-64"
        return "0x" + (try Command.run(["sh", "-c", script]).text)
    }

    private func requireRefusal(_ computer: DemoComputer, naming pcr: String) throws {
        let machine = try computer.boot()
        try machine.wait(for: "measurements changed: ")
        try machine.wait(for: pcr)
        try machine.wait(for: "(code 77)")
        try machine.waitUntilOff()
        #expect(machine.transcript.contains(#""code":77"#) || machine.transcript.contains(#""code": 77"#))
        #expect(!machine.transcript.contains(DemoDisk.prompt))
        #expect(!machine.transcript.contains(DemoDisk.shell))
    }
}
