import Foundation

/// The state folder of an emulated chip, made by the built program: once for all tests of a run, since its keys take
/// seconds, and copied for each.
public enum EmulatedChipFolder {
    private static let path = NSTemporaryDirectory() + "chip-\(ProcessInfo.processInfo.processIdentifier)"

    private static let made = Result { () throws -> String in
        atexit { try? FileManager.default.removeItem(atPath: EmulatedChipFolder.path) }
        let result = try Command.run([Scratch.product("snp-emulator").path, "init", path])
        guard result.status == 0 else { throw CommandFailure(description: result.errorText) }
        return path
    }

    /// The chip's path, for whoever only copies it.
    public static func shared() throws -> String { try made.get() }

    /// Copies the chip to `state` in `scratch`.
    public static func copy(to scratch: Scratch) throws { try scratch.shell("cp -a '\(try shared())' state") }
}
