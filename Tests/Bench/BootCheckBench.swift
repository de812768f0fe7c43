import Foundation
import JSON
import TestSupport

/// What step 4 adds to an unlock: the same volume, TPM and boot, with the check and without.
enum BootCheckBench {
    static func run(guest: String, tool: String) throws {
        let tpm = try SoftwareTPM()
        let volume = try VolumeFile()
        let log = Fixtures.folder.appending(path: "demo-boot/eventlog.bin").path()
        try measure(log, into: tpm, tool)
        try tpm.write(Array(reference.utf8), to: "reference.json")
        let text = "device = \(volume.path)\nmapping = root\ntcti = \(tpm.tcti)\n"
        try tpm.write(Array(text.utf8), to: "checked.conf")
        try tpm.write(Array((text + "boot-check = off\n").utf8), to: "unchecked.conf")
        let places = ["--tcti", tpm.tcti, "--state", tpm.path("keys")]
        let enroll = ["enroll", volume.path, "--key-file", volume.keyFile] + places
        _ = try Bench.succeed([tool] + enroll)
        for name in ["checked", "unchecked"] {
            let words = [
                guest, "unlock", "--config", tpm.path(name + ".conf"), "--no-activate", "--eventlog", log,
                "--reference", tpm.path("reference.json"),
            ]
            let report = try JSONValue(parsing: try Bench.succeed(words + ["--json"]).output)
            print("TPM commands up to the mapping, boot \(name): \(report["tpm_commands"]?.integer ?? -1)")
            Measured.report("unlock --no-activate, boot \(name)", runs: 40, words)
        }
    }

    /// Extends the TPM by every event of the log, by tpm2-tools.
    private static func measure(_ log: String, into tpm: SoftwareTPM, _ tool: String) throws {
        let events = try JSONValue(parsing: try Bench.succeed([tool, "eventlog", "show", log, "--json"]).output)[
            "events"]
        let words = events?.array?.compactMap { event -> String? in
            guard event["extended"] == .bool(true), let pcr = event["pcr"]?.integer,
                let digest = event["digests"]?["sha256"]?.string
            else { return nil }
            return "\(pcr):sha256=\(digest)"
        }
        _ = try Bench.succeed(["tpm2_pcrextend", "--tcti", tpm.tcti] + (words ?? []))
    }

    /// The programs of that boot, by the digests that its firmware measured.
    private static let reference = """
        {"version":1,"programs":[
        {"role":"shim","sha256":"80a66d53a945d2286fcadd780fae1c225aa732079cd67b5225dc78aaab4e2ff8","file":"shim"},
        {"role":"grub","sha256":"a68f6d71ebddaa19751ff8d729f67d11b0df8e4c49400c3e7e90de16119e1265","file":"grub"},
        {"role":"kernel","sha256":"6b1bf35c3bee9918250f593a6fff889c75c1e239cd2fe9e5bb0cd3de9dcb8e51","file":"kernel"}],
        "drivers":[],"variables":{},"sbat":{}}
        """
}
