public import InitramfsRuntime

/// What a guest's kernel shows of its boot.
public struct BootRecord: Sendable {
    /// The TCG event log; nil where no TPM was there to measure into.
    public var log: [UInt8]?
    /// The firmware's variables as files of efivarfs: `NAME-GUID`, with the attributes in four bytes before the value.
    /// Empty where the firmware shows none.
    public var variables: [(name: String, content: [UInt8])]

    /// More than any firmware writes, in bytes.
    private static let longestLog = 1 << 23

    public init(log: [UInt8]? = nil, variables: [(name: String, content: [UInt8])] = []) {
        self.log = log
        self.variables = variables
    }

    /// A boot of which the log is known only.
    public init(logAt path: String) throws(FileError) {
        self.init(log: try FileBytes.read(path, limit: Self.longestLog))
    }
}
