import Foundation
import JSON
import TestSupport

/// `make bench`: speed and size, each beside a peer or its physical limit in the same run.
@main
struct Bench {
    private static let guest = FileManager.default.currentDirectoryPath + "/.build-embedded/release/sealroot-init"
    private static let tool = FileManager.default.currentDirectoryPath + "/.build-owner/release/sealroot"

    static func main() throws {
        try size()
        try unlock()
        try encryption()
        eventLog()
    }

    /// The longest sample that tpm2_eventlog reads to its end, and the one with the most digests.
    private static func eventLog() {
        for name in ["ibmtss-dell1", "eve-qemu"] {
            guard let file = SharedData.folder?.appending(path: "eventlog/\(name).bin").path() else { return }
            Measured.report("eventlog replay, \(name)", runs: 40, [tool, "eventlog", "replay", file])
            Measured.report("eventlog show, \(name)", runs: 40, [tool, "eventlog", "show", file])
            Measured.report("tpm2_eventlog, \(name)", runs: 40, ["tpm2_eventlog", file])
        }
        Measured.report("sealroot --version", runs: 40, [tool, "--version"])
    }

    private static func size() throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: guest)
        print("sealroot-init, stripped: \(attributes[.size] ?? 0) bytes (limit 1,000,000)")
    }

    private static func unlock() throws {
        let tpm = try SoftwareTPM()
        let volume = try VolumeFile()
        let text = "device = \(volume.path)\nmapping = root\ntcti = \(tpm.tcti)\n"
        try tpm.write(Array(text.utf8), to: "init.conf")
        let enroll = ["enroll", volume.path, "--key-file", volume.keyFile, "--tcti", tpm.tcti]
        _ = try succeed([tool] + enroll)
        let words = [guest, "unlock", "--config", tpm.path("init.conf"), "--no-activate"]
        let report = try JSONValue(parsing: try succeed(words + ["--json"]).output)
        print("TPM commands up to the mapping: \(report["tpm_commands"]?.integer ?? -1)")
        Measured.report("unlock --no-activate", runs: 20, words)
        let open = ["cryptsetup", "open", "--test-passphrase", "--key-file", volume.keyFile, volume.path]
        Measured.report("cryptsetup --test-passphrase, same volume, no TPM", runs: 20, open)
    }

    private static func encryption() throws {
        let scratch = try Scratch()
        let mebibytes = 1024
        _ = try scratch.shell(
            """
            mkdir tree
            head -c 600M /dev/urandom > tree/data
            truncate -s \(mebibytes)M root
            mkfs.ext4 -q -F -d tree root
            truncate -s \(mebibytes + 2)M disk.img
            printf 'label: gpt\\nstart=1MiB, size=\(mebibytes)MiB, type=L, name=root\\n' | sfdisk -q disk.img
            dd if=root of=disk.img bs=1M seek=1 conv=notrunc,sparse status=none
            rm -r tree root
            sync
            """)
        let image = scratch.file("disk.img")
        let copy = Measured.run(["sh", "-c", "cp --sparse=never \(image) \(image).cp && sync \(image).cp"])
        let run = Measured.run([tool, "encrypt-image", image, "--recovery-key-out", scratch.file("key")])
        guard run.status == 0, copy.status == 0 else { throw BenchFailure(description: "encrypt-image or cp failed") }
        func rate(_ result: Measured) -> String {
            String(format: "%.0f MiB/s", Double(mebibytes) / result.milliseconds * 1000)
        }
        print("encrypt-image, \(mebibytes) MiB root: \(rate(run)), peak memory \(run.peakKiB / 1024) MiB")
        print("cp and sync of the same file: \(rate(copy))")
        let speed = try succeed(["openssl", "speed", "-seconds", "2", "-bytes", "16384", "-evp", "aes-256-xts"]).text
        print("openssl speed -evp aes-256-xts: " + (speed.split(separator: "\n").last.map(String.init) ?? ""))
    }

    private static func succeed(_ words: [String]) throws -> CommandResult {
        let result = try Command.run(words)
        guard result.status == 0 else { throw BenchFailure(description: words[0] + ": " + result.errorText) }
        return result
    }
}

struct BenchFailure: Error, CustomStringConvertible { let description: String }
