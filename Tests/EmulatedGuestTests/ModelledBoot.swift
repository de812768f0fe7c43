import Foundation
import TestSupport

/// Guests of `snp-emulator exec --image`, on a chip of the test's own. Needs `make image`.
struct ModelledBoot {
    let scratch: Scratch
    static let program = Scratch.product("snp-emulator").path
    static let owner = Scratch.product("sealroot").path
    static let initramfs = Scratch.product("sealroot-init").path
    static let log = "/sys/kernel/security/tpm0/binary_bios_measurements"
    static let variables = "/sys/firmware/efi/efivars"
    /// Where the EFI system partition and /boot begin on the demo disk, in bytes: `Packaging/images/build-disk`.
    static let (systemStart, bootStart) = (1 << 20, 65 << 20)

    private static let template = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Packaging/templates/ovmf-debian12-secureboot.json").standardized.path()

    init() throws {
        scratch = try EmulatedChip.scratch()
        try scratch.shell("head -c 8192 /dev/urandom >guest.fd")
    }

    static var disk: String { DebianImages.file("disk.raw") ?? "" }

    /// Runs a shell script in the guest that booted from a disk; `sealroot`, `init` and `log` are what they say.
    func run(_ script: String, disk: String = Self.disk, _ options: String...) throws -> CommandResult {
        try Command.run(
            ["timeout", "-k", "5", "120", Self.program, "exec", "--state", scratch.file("state"), "--ovmf"]
                + [scratch.file("guest.fd"), "--template", Self.template, "--image", disk] + options
                + ["--", "sh", "-euc", script],
            environment: [
                "sealroot": Self.owner, "init": Self.initramfs, "log": Self.log, "variables": Self.variables,
            ], folder: scratch.path)
    }

    /// As `run`, where the script succeeds.
    func output(_ script: String, disk: String = Self.disk) throws -> String {
        let result = try run(script, disk: disk)
        guard result.status == 0 else {
            throw CommandFailure(description: "\(script)\nended with \(result.status): \(result.errorText)")
        }
        return result.text
    }

    /// A copy of the demo disk that the test may change.
    func copiedDisk() throws -> String {
        try scratch.shell("cp --sparse=always '\(Self.disk)' disk.raw")
        return scratch.file("disk.raw")
    }

    /// Changes a file of the copy's /boot with sed.
    func edit(_ path: String, _ command: String) throws {
        let image = "disk.raw?offset=\(Self.bootStart)"
        try scratch.shell(
            """
            debugfs -R 'dump \(path) edited' '\(image)' 2>/dev/null
            cp edited before; sed -i '\(command)' edited; ! cmp -s edited before
            debugfs -w -R 'rm \(path)' '\(image)' 2>/dev/null
            debugfs -w -R 'write edited \(path)' '\(image)' >/dev/null 2>&1
            """)
    }

    /// Puts a file into the EFI system partition of the copy.
    func place(_ file: String, at path: String) throws {
        try scratch.shell("mcopy -o -i disk.raw@@\(Self.systemStart) \(file) ::\(path)")
    }
}
