import BootPolicy
import BoundedBytes
import Cryptography
import EventLog
import FileSystems
import GRUBScript
import JSON

/// What judges a boot, and what predicts one.
enum BootTargets {
    static let reference: Fuzz.Target = { input in
        let reference = try Reference(parsing: input)
        let again = succeed("a reference that is written again is a reference") {
            try Reference(parsing: Array(reference.json.compact.utf8))
        }
        demand(again == reference, "a reference that is written again is the same")
        demand(reference.programs.contains { $0.role == .kernel || $0.role == .unifiedKernel }, "something can boot")
        demand(reference.programs.allSatisfy { $0.digest.count == 32 }, "a digest has 32 bytes")
    }

    /// A log that the TPM bears out, whatever it holds.
    static let bootCheck: Fuzz.Target = { input in
        let log = try EventLog(parsing: input)
        let pcrs = try log.replayedBootPCRs()
        let program = Reference.Program(role: .kernel, digest: [UInt8](repeating: 7, count: 32), file: "kernel")
        let check = BootCheck(log: log, reference: Reference(programs: [program]))
        let verdict = try check.verdict(pcrs: pcrs, later: [.phases])
        demand(!verdict.isAccepted, "no input holds the kernel's digest where no digest of the fuzzer's is 7s")
        for component in verdict.components {
            demand(component.line.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "a line of the console is printable")
        }
        demand(try check.verdict(pcrs: pcrs, later: [.phases]) == verdict, "a verdict is the same each time")
    }

    static let fatVolume: Fuzz.Target = { input in
        let volume = try FATVolume(MemoryVolume(input))
        _ = try? volume.label()
        for entry in try volume.entries(at: []) ?? [] where !entry.isFolder {
            let content = try volume.read(entry, limit: input.count)
            demand(content.count == min(input.count, Int(entry.byteCount)), "a file is as long as its entry says")
        }
    }

    static let grubImage: Fuzz.Target = { input in
        let image = try GRUBImage(parsing: input)
        demand(image.configuration.count <= input.count, "the configuration lies in the section")
        demand(image.modules.allSatisfy { !$0.isEmpty }, "a module has a name")
    }

    static let grubConfiguration: Fuzz.Target = { input in
        // A script may grow what it reads; the interpreter has a limit of its own for that.
        MemoryBound.addInput(64 << 20)
        let image = GRUBImage(
            modules: ["normal", "test", "configfile", "linuxefi", "search"], configuration: Array("normal\n".utf8),
            memdisk: nil, prefix: "/EFI/debian")
        let machine = GRUBMachine(image: image, bootDevice: "hd0,gpt1", bootDirectory: "/EFI/debian")
        let prediction = GRUBPrediction.make(machine: machine, disk: OneFile(configuration: input))
        let again = GRUBPrediction.make(machine: machine, disk: OneFile(configuration: input))
        demand(again == prediction, "a prediction is the same each time")
    }

    /// An EFI system partition with nothing but GRUB's configuration.
    private struct OneFile: GRUBDisk {
        let configuration: [UInt8]
        private static let path = "/EFI/debian/grub.cfg"
        private static let folders = ["/": ["EFI"], "/EFI": ["debian"], "/EFI/debian": ["grub.cfg"]]

        let devices = [
            GRUBDevice(name: "hd0", hasFileSystem: false), GRUBDevice(name: "hd0,gpt1", hasFileSystem: true),
        ]

        func entry(at path: String, on device: GRUBDevice) throws(Never) -> GRUBDirectoryEntry? {
            if Self.folders[path] != nil { return GRUBDirectoryEntry(isDirectory: true) }
            return path == Self.path ? GRUBDirectoryEntry(isDirectory: false) : nil
        }

        func fileSize(at path: String, on device: GRUBDevice) throws(Never) -> Int? {
            path == Self.path ? configuration.count : nil
        }

        func read(_ path: String, on device: GRUBDevice, limit: Int) throws(Never) -> [UInt8] {
            path == Self.path ? Array(configuration.prefix(limit)) : []
        }

        func names(in path: String, on device: GRUBDevice) throws(Never) -> [String]? { Self.folders[path] }
    }
}
