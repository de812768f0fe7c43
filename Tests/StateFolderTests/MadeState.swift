import Foundation
import SNPEmulator
import TestSupport

/// A state folder that was made once, since its keys take seconds, and is copied for each test.
enum MadeState {
    private static let path = NSTemporaryDirectory() + "made-state-\(ProcessInfo.processInfo.processIdentifier)"

    private static let made = Result { () throws -> String in
        atexit { try? FileManager.default.removeItem(atPath: MadeState.path) }
        let result = try emulator(["init", path])
        guard result.status == 0 else { throw CommandFailure(description: result.errorText) }
        return path
    }

    /// A folder with a chip in `state`.
    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.shell("cp -a '\(try made.get())' state")
        return scratch
    }
}

/// Runs snp-emulator.
func emulator(_ arguments: [String], folder: String = "/") throws -> CommandResult {
    try Command.run([Scratch.product("snp-emulator").path()] + arguments, folder: folder)
}
