public import BoundedBytes

/// Why bytes are not the structure that they should be: which structure, and where in it.
public struct SNPFormatError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Reason: Equatable, Sendable {
        case bytes(ByteError)
        case size(expected: Int, found: Int)
        case version(UInt32)
        /// A field whose value the document does not allow.
        case value(field: String, UInt64)
        /// An offset or a length that leads out of the structure or onto another part of it.
        case range(field: String, UInt64)
        case missing(String)
    }

    /// The structure, by the name that its document gives it.
    public let structure: String
    public let reason: Reason

    public init(_ structure: String, _ reason: Reason) {
        self.structure = structure
        self.reason = reason
    }

    public var description: String {
        switch reason {
        case .bytes(let error): structure + ": " + error.description
        case .size(let expected, let found):
            structure + ": " + String(found) + " bytes instead of " + String(expected)
        case .version(let version): structure + ": unknown version " + String(version)
        case .value(let field, let value): structure + ": " + field + " is 0x" + String(value, radix: 16)
        case .range(let field, let value): structure + ": " + field + " 0x" + String(value, radix: 16) + " leads astray"
        case .missing(let part): structure + ": no " + part
        }
    }
}
