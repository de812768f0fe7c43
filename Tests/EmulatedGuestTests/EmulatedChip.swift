import Foundation
import SNPEmulator
import TestSupport

/// The state folder of an emulated chip: made once, since its keys take seconds, and copied for each test.
enum EmulatedChip {
    private static let path = NSTemporaryDirectory() + "emulated-chip-\(ProcessInfo.processInfo.processIdentifier)"

    private static let made = Result { () throws -> String in
        atexit { try? FileManager.default.removeItem(atPath: EmulatedChip.path) }
        _ = try StateFolder.create(at: path, now: Int64(Date().timeIntervalSince1970))
        return path
    }

    /// A folder with a chip of the test's own in `state`.
    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.shell("cp -a '\(try made.get())' state")
        return scratch
    }
}
