import Foundation
import VirtualMachine

/// The disk that `make image` builds and encrypts, and a computer for each test.
struct DemoDisk {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let image = root + "/.build/images/encrypted.raw"
    static let recoveryKeyPath = root + "/.build/images/recovery-key"
    static var isBuilt: Bool { FileManager.default.fileExists(atPath: image) }

    static let shell = "root@sealroot-demo:~#"
    static let prompt = "Please unlock disk root"
    static let refusal = "sealroot: the boot ends here"

    /// A folder with the state of one computer, removed with the value.
    final class Computer {
        let folder = NSTemporaryDirectory() + "sealroot-vm-" + UUID().uuidString

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func boot(tpmOf other: Computer? = nil) throws -> VirtualMachine {
            try VirtualMachine(disk: DemoDisk.image, folder: folder, tpmFolder: other.map { $0.folder + "/tpm" })
        }

        /// The first boot: a person types the recovery key at Debian's own prompt, then enrols.
        func enroll() throws {
            let machine = try boot()
            try machine.wait(for: DemoDisk.prompt)
            let key = try String(contentsOfFile: DemoDisk.recoveryKeyPath, encoding: .utf8)
            machine.type(key.trimmingCharacters(in: .newlines) + "\n")
            try machine.wait(for: DemoDisk.shell)
            let command =
                "printf %s '\(key.trimmingCharacters(in: .newlines))'"
                + " | sealroot enroll /dev/disk/by-partlabel/root --key-file -"
            let result = try machine.run(command)
            guard result.status == 0 else { throw VirtualMachineError.start("enroll failed: " + result.output) }
            try machine.powerOff()
        }
    }
}
