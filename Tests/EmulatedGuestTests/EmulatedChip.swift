import TestSupport

enum EmulatedChip {
    /// A folder with a chip of the test's own in `state`.
    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try EmulatedChipFolder.copy(to: scratch)
        return scratch
    }
}
