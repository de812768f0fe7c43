import Cryptography
import Foundation
import JSON
import Secrets
import TestSupport

/// What the kinds of policies cost, beside clevis on the same kind of TPM. The unlock ends before the mapping, which
/// needs device-mapper; the fence is measured as a command of its own. systemd-cryptsetup cannot run here at all:
/// it wants device-mapper, and systemd 252's token plugin finds a TPM only in /dev.
enum SealingBench {
    static func run(guest: String, tool: String) throws {
        for (name, options) in [
            ("no authority", ["--authority", "none"]), ("authority", ["--counter", "none"]),
            ("authority and counter", []),
        ] { try unlock(name, options, guest, tool) }
        try clevis()
        try resealing(tool)
        try signing()
    }

    private static func enroll(_ tool: String, _ volume: VolumeFile, _ tpm: SoftwareTPM, _ options: [String]) throws {
        let places = ["--tcti", tpm.tcti, "--state", tpm.path("keys")]
        _ = try Bench.succeed([tool, "enroll", volume.path, "--key-file", volume.keyFile] + places + options)
    }

    /// Commands are counted on the wire, repetitions included.
    private static func unlock(_ name: String, _ options: [String], _ guest: String, _ tool: String) throws {
        let tpm = try SoftwareTPM()
        let volume = try VolumeFile()
        try enroll(tool, volume, tpm, options)
        let wire = try Interposer(before: tpm)
        for (file, tcti) in [("direct.conf", tpm.tcti), ("wire.conf", wire.tcti)] {
            let text = "device = \(volume.path)\nmapping = root\ntcti = \(tcti)\nboot-check = off\n"
            try tpm.write(Array(text.utf8), to: file)
        }
        let words = [guest, "unlock", "--no-activate", "--config"]
        _ = try Bench.succeed(words + [tpm.path("wire.conf")])
        let log = ["--measurement-log", tpm.path("log")]
        print("\(name): \(wire.count) TPM commands up to the mapping, without the check of the boot")
        Measured.report("unlock --no-activate, \(name)", runs: 20, words + [tpm.path("direct.conf")])
        try split(name, words + [tpm.path("direct.conf"), "--json"])
        let before = wire.count
        _ = try Bench.succeed([guest, "fence", "--config", tpm.path("wire.conf")] + log)
        print("\(name): \(wire.count - before) TPM commands of sealroot-init fence, which has no session to go on with")
    }

    /// The steps count whole milliseconds, so many runs are added up.
    private static func split(_ name: String, _ words: [String]) throws {
        var sums: [(name: String, milliseconds: Int64)] = []
        let runs = 50
        for _ in 0..<runs {
            for step in try JSONValue(parsing: Bench.succeed(words).output)["steps"]?.array ?? [] {
                guard let title = step["name"]?.string, let time = step["milliseconds"]?.integer else { continue }
                if let index = sums.firstIndex(where: { $0.name == title }) {
                    sums[index].milliseconds += time
                } else {
                    sums.append((title, time))
                }
            }
        }
        let text = sums.map { String(format: "%@ %.1f", $0.name, Double($0.milliseconds) / Double(runs)) }
        print("steps in ms, mean of \(runs), \(name): " + text.joined(separator: ", "))
    }

    /// The same volume and TPM; `clevis luks pass` unseals, and opens nothing.
    private static func clevis() throws {
        let tpm = try SoftwareTPM()
        let volume = try VolumeFile()
        let wire = try Interposer(before: tpm)
        unsafe setenv("TPM2TOOLS_TCTI", tpm.tcti, 1)
        defer { unsafe unsetenv("TPM2TOOLS_TCTI") }
        let configuration = #"{"pcr_ids":"4,7,8,9,12,14","pcr_bank":"sha256"}"#
        _ = try Bench.succeed(
            ["clevis", "luks", "bind", "-y", "-k", volume.keyFile, "-d", volume.path, "tpm2", configuration])
        let pass = ["clevis", "luks", "pass", "-d", volume.path, "-s", "1"]
        unsafe setenv("TPM2TOOLS_TCTI", wire.tcti, 1)
        _ = try Bench.succeed(pass)
        print("clevis luks pass: \(wire.count) TPM commands")
        unsafe setenv("TPM2TOOLS_TCTI", tpm.tcti, 1)
        Measured.report("clevis luks pass", runs: 10, pass)
    }

    private static func resealing(_ tool: String) throws {
        guard DebianImages.isPresent else { return print("reseal and status: no demo tree, run `make image`") }
        let tpm = try SoftwareTPM()
        let volume = try VolumeFile()
        let tree = try InstalledTree()
        try enroll(tool, volume, tpm, [])
        let log = Fixtures.folder.appending(path: "demo-boot/eventlog.bin").path()
        let text = "device = \(volume.path)\nmapping = root\n"
        try tpm.write(Array(text.utf8), to: "init.conf")
        let common = ["--config", tpm.path("init.conf"), "--tcti", tpm.tcti, "--root", tree.path, "--eventlog", log]
        let reseal = [tool, "reseal", "--state", tpm.path("keys")] + common
        let first = Measured.run(reseal)
        print(String(format: "reseal, one policy more: %.1f ms, exit %d", first.milliseconds, first.status))
        Measured.report("reseal, nothing to change", runs: 10, reseal)
        // The machine never booted this tree, but the next boot is approved by now.
        Measured.report("status", runs: 10, [tool, "status"] + common)
    }

    /// Policies are signed one at a time, as `reseal` does.
    private static func signing() throws {
        let seed = SecretBytes(count: SigningKey.seedByteCount) { bytes in
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index) }
        }
        let key = try SigningKey.derive(from: seed)
        let message = [UInt8](repeating: 1, count: 64)
        let start = DispatchTime.now().uptimeNanoseconds
        let count = 5000
        for _ in 0..<count { _ = try key.sign(message) }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        print(String(format: "policies signed: %.0f a second", Double(count) / seconds))
        let speed = try Bench.succeed(["openssl", "speed", "-seconds", "2", "ecdsap256"]).text
        print("openssl speed ecdsap256: " + (speed.split(separator: "\n").last.map(String.init) ?? ""))
    }
}
