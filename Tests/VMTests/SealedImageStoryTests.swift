import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

/// An image that is encrypted and sealed before there is a machine, for a TPM of which only a public key is known: its
/// first boot is unattended, and what its maker knows is worthless after it.
@Suite(.serialized, .enabled(if: builtDisk.isBuilt, "there is no demo disk: run `make image` first"))
final class SealedImageStoryTests {
    private let folder = NSTemporaryDirectory() + "/sealroot-vm-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    @Test func theFirstBootIsUnattendedAndExchangesTheKey() throws {
        let scratch = try Scratch()
        let computer = DemoComputer(disk: try sealedDisk(scratch), folder: folder)
        try publishKey(of: computer, scratch)
        try encrypt(scratch)
        var machine = try unattended(computer)
        let before = try JSONValue(parsing: machine.run("sealroot status --json").output)
        #expect(before["will_unlock"] == .bool(true))
        #expect(before["warnings"]?.array?.contains { $0.string?.contains("sealed elsewhere") == true } == true)
        #expect(try machine.run("cryptsetup luksDump /dev/vda3 | grep -c ': luks2'").output.contains("2"))

        // Nobody types anything: the unlock has left the secret in the kernel's keyring.
        let resealed = try machine.run("sealroot reseal --json </dev/null", seconds: 600)
        try #require(resealed.status == 0, "\(resealed.output)")
        let after = try JSONValue(parsing: machine.run("sealroot status --json").output)
        #expect(after["will_unlock"] == .bool(true))
        #expect(after["counter"]?["value"]?.integer != nil)
        #expect(after["authority_name"] != before["authority_name"])
        #expect(after["warnings"]?.array?.contains { $0.string?.contains("sealed elsewhere") == true } == false)
        let keys = try machine.run("grep -c sealroot: /proc/keys").output
        #expect(keys.hasPrefix("0"), "the secret is gone from the kernel")
        try machine.powerOff()

        machine = try unattended(computer)
        #expect(try machine.run("sealroot reseal --commit").status == 0)
        try machine.powerOff()
    }

    private func sealedDisk(_ scratch: Scratch) throws -> DemoDisk {
        DemoDisk(image: scratch.file("sealed.raw"), recoveryKeyPath: scratch.file("recovery-key"))
    }

    /// What a cloud publishes of the vTPM that it will start: the storage key that its seed leads to. It keeps none.
    private func publishKey(of computer: DemoComputer, _ scratch: Scratch) throws {
        let tpm = try SoftwareTPM()
        let attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt"
        try tpm.succeed("tpm2_createprimary", "-G", "ecc", "-a", attributes, "-c", "primary.ctx")
        try tpm.succeed("tpm2_readpublic", "-c", "primary.ctx", "-o", "srk.pub")
        try scratch.write(tpm.read("srk.pub"), to: "srk.pub")
        tpm.stop()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: tpm.folder + "/state", toPath: folder + "/tpm")
        try? FileManager.default.removeItem(atPath: folder + "/tpm/.lock")
    }

    private func encrypt(_ scratch: Scratch) throws {
        let template = buildFolder + "/../Packaging/templates/ovmf-debian12-secureboot.json"
        let result = try Command.run([
            Scratch.product("sealroot").path, "encrypt-image", buildFolder + "/images/disk.raw", "--out",
            scratch.file("sealed.raw"), "--recovery-key-out", scratch.file("recovery-key"), "--seal-to",
            scratch.file("srk.pub"), "--template", template,
        ])
        try #require(result.status == 0, "\(result.errorText)")
    }

    private func unattended(_ computer: DemoComputer) throws -> VirtualMachine {
        let machine = try computer.boot()
        #expect(try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal]) == DemoDisk.shell)
        return machine
    }
}
