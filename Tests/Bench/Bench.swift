import Foundation
import JSON
import TestSupport

/// `make bench`: speed and size, each beside a peer or its physical limit in the same run. With `--boots` or `--roots`
/// whole virtual machines and nothing else, which takes minutes.
@main
struct Bench {
    private static let guest = FileManager.default.currentDirectoryPath + "/.build-embedded/release/sealroot-init"
    private static let tool = FileManager.default.currentDirectoryPath + "/.build-owner/release/sealroot"

    static func main() throws {
        if CommandLine.arguments.contains("--boots") { return try boots() }
        if CommandLine.arguments.contains("--roots") { return try RootMountBench.run() }
        try size()
        try unlock()
        try BootCheckBench.run(guest: guest, tool: tool)
        try SealingBench.run(guest: guest, tool: tool)
        try encryption()
        try authenticode()
        eventLog()
        try AttackSuiteBench.processes()
    }

    private static func boots() throws {
        try MachineBench.run()
        try ConfidentialBootBench.run()
        try AttackSuiteBench.machines()
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
        let text = "device = \(volume.path)\nmapping = root\ntcti = \(tpm.tcti)\nboot-check = off\n"
        try tpm.write(Array(text.utf8), to: "init.conf")
        let places = ["--tcti", tpm.tcti, "--state", tpm.path("keys")]
        let enroll = ["enroll", volume.path, "--key-file", volume.keyFile] + places
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

    /// A file of 50 MB with the smallest headers that are a PE image: DOS, PE32+ with no directories, one section.
    private static func authenticode() throws {
        let scratch = try Scratch()
        let byteCount = 50_000_000
        var image = [UInt8](repeating: 0, count: 0x200)
        func put(_ value: Int, _ count: Int, at offset: Int) {
            for index in 0..<count { image[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
        }
        for (value, count, offset) in [
            (0x5A4D, 2, 0), (0x40, 4, 0x3C), (0x4550, 4, 0x40), (0x8664, 2, 0x44), (1, 2, 0x46), (112, 2, 0x54),
            (0x20B, 2, 0x58), (0x200, 4, 0x58 + 60), (byteCount - 0x200, 4, 0xC8 + 16), (0x200, 4, 0xC8 + 20),
        ] { put(value, count, at: offset) }
        try scratch.write(image, to: "image")
        try scratch.shell("head -c \(byteCount - 0x200) /dev/urandom >> image")
        Measured.report("hash-pe, 50 MB", runs: 20, [tool, "hash-pe", scratch.file("image")])
        Measured.report(
            "openssl dgst -sha256, same file", runs: 20, ["openssl", "dgst", "-sha256", scratch.file("image")])
    }

    static func succeed(_ words: [String]) throws -> CommandResult {
        let result = try Command.run(words)
        guard result.status == 0 else { throw BenchFailure(description: words[0] + ": " + result.errorText) }
        return result
    }
}

struct BenchFailure: Error, CustomStringConvertible { let description: String }
