import GRUBScript
import TestSupport

/// Runs one configuration on a disk that holds little else.
enum Scripts {
    static func predict(
        _ configuration: String, boot: [String: [UInt8]] = [:], isSecureBoot: Bool = true, without: Set<String> = []
    ) throws -> GRUBPrediction {
        try predict(Array(configuration.utf8), boot: boot, isSecureBoot: isSecureBoot, without: without)
    }

    static func predict(
        _ configuration: [UInt8], boot: [String: [UInt8]] = [:], isSecureBoot: Bool = true, without: Set<String> = []
    ) throws -> GRUBPrediction {
        let files = boot.merging(["/grub/grub.cfg": configuration, "/vmlinuz": Machines.kernel]) { $1 }
        let disk = MemoryDisk(esp: ["/EFI/debian/grub.cfg": Machines.stub], boot: files)
        return try GRUBPrediction.make(
            machine: try Machines.debian(isSecureBoot: isSecureBoot, without: without), disk: disk)
    }

    /// What is measured from the configuration itself on.
    static func shown(_ prediction: GRUBPrediction) -> [String] {
        Array(prediction.events.map(Machines.shown).drop { $0 != "9 (hd0,gpt2)/grub/grub.cfg" }.dropFirst())
    }

    static func isInstalled(_ program: String) -> Bool {
        (try? Command.run(["sh", "-c", "command -v \(program)"]).status) == 0
    }
}
