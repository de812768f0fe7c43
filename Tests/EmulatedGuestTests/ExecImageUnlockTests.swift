import Foundation
import JSON
import TestSupport
import Testing

/// The boot check and the whole unlock in guests that have booted from a disk.
@Suite(.enabled(if: DebianImages.isPresent)) struct ExecImageUnlockTests {
    private let boot: ModelledBoot

    init() throws {
        boot = try ModelledBoot()
        let log = Fixtures.folder.appending(path: "demo-boot/eventlog.bin").path()
        try boot.scratch.shell(
            "\(ModelledBoot.owner) reference create --image '\(ModelledBoot.disk)' --eventlog '\(log)' -o reference.json"
        )
    }

    private static let check = "$init check --tcti \"$SEALROOT_TCTI\" --reference reference.json"

    @Test func acceptsTheBootThatItsReferenceIsOf() throws {
        let lines = try boot.output(Self.check).split(separator: "\n")
        #expect(lines.count == 10)
        #expect(lines.contains { $0.hasPrefix("kernel ok 6b1bf35c3bee9918 /boot/vmlinuz-") })
    }

    /// Secure Boot lets it pass: GRUB's configuration is signed by nobody.
    @Test func refusesTheBootOfAChangedDisk() throws {
        let disk = try boot.copiedDisk()
        try boot.edit("/grub/grub.cfg", "s/ quiet$/ quiet break=premount/")
        let result = try boot.run(Self.check, disk: disk)
        #expect(result.status == 77)
        #expect(result.text.contains("command-line REFUSED"), "\(result.text)")
        #expect(result.text.contains("'break=premount' is not allowed"), "\(result.text)")
    }

    /// A policy that accepts what this guest reports.
    private func writePolicy() throws {
        let measurement = try boot.output(
            """
            mkdir /sys/kernel/config/tsm/report/r; cd /sys/kernel/config/tsm/report/r
            echo 2 >privlevel; head -c 64 /dev/zero >inblob; tail -c +145 outblob | head -c 48 | xxd -p -c 48
            """)
        let root = String(decoding: try boot.scratch.bytes("state/certs/ark.pem"), as: UTF8.self)
            .replacing("\n", with: "\\n")
        try boot.scratch.write(
            Array(
                """
                {"version": 1, "measurements": ["\(measurement)"], "roots": ["\(root)"], "minimum_tcb":
                {"milan": {"reported": {"boot_loader": 4, "tee": 0, "snp": 24, "microcode": 219}}}}
                """.utf8), to: "policy.json")
    }

    private func configure(_ volume: VolumeFile) throws {
        try boot.scratch.write(
            Array(
                """
                device = \(volume.path)
                mapping = root
                tcti = swtpm:path=/dev/snp-emulator/tpm
                timeout = 1
                provider = svsm
                attestation-policy = \(boot.scratch.file("policy.json"))

                """.utf8), to: "init.conf")
    }

    private static let unlock = "$init unlock --no-activate --json --config init.conf --reference reference.json"

    private func steps(_ result: CommandResult) throws -> [String] {
        try JSONValue(parsing: result.output)["steps"]?.array?
            .map { ($0["name"]?.string ?? "") + " " + ($0["result"]?.string ?? "") } ?? []
    }

    @Test func unlocksInTheNextBootOfTheSameDisk() throws {
        let volume = try VolumeFile()
        try writePolicy()
        try configure(volume)
        let disk = try boot.copiedDisk()
        _ = try boot.output("$sealroot enroll '\(volume.path)' --key-file '\(volume.keyFile)' --state keys", disk: disk)
        let result = try boot.run(Self.unlock, disk: disk)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(
            try steps(result) == [
                "configure ok", "prepare ok", "copy-header ok", "find-key ok", "check-boot ok", "attest ok",
                "unseal ok",
                "authenticate ok",
            ])
        let report = try JSONValue(parsing: result.output)
        #expect(report["attestation"]?["provider"] == .string("svsm"))
        #expect(report["attestation"]?["verdict"] == .string("accepted"))

        // The same machine with a changed disk, the check on: it stands in the way before the TPM does.
        try boot.edit("/grub/grub.cfg", "s/ quiet$/ quiet break=premount/")
        let changed = try boot.run(Self.unlock, disk: disk)
        #expect(changed.status == 77)
        #expect(try steps(changed).last == "check-boot failed")

        // The check off: the TPM keeps the secret.
        try boot.scratch.shell("echo 'boot-check = off' >>init.conf")
        let unchecked = try boot.run(Self.unlock, disk: disk)
        #expect(unchecked.status == 77)
        #expect(try steps(unchecked).suffix(2) == ["attest ok", "unseal failed"])
        #expect(unchecked.errorText.contains("PCR 8"), "\(unchecked.errorText)")
    }
}
