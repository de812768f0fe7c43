public import BoundedBytes
public import Cryptography

/// Why bytes are not the EFI format that they should be. Offsets and lengths are in bytes.
public enum EFIError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The bytes end too early, or a reserved one is not zero.
    case bytes(Part, ByteError)
    /// A number or a magic that the format does not allow, at `offset` from the start of the part.
    case value(Part, field: String, offset: Int, value: UInt64)
    /// A range that does not lie where the file lets it lie.
    case range(Part, field: String, offset: Int, count: Int)
    /// Two sections, by their places in the table from 0, share bytes of the file.
    case sectionsOverlap(Int, Int)
    /// A line of comma-separated text, from 1, that is not what it should be.
    case line(Part, Int)
    /// The signature at that place of the certificate table, from 0.
    case signature(Int, SignatureDefect)

    public enum Part: String, Sendable {
        case header = "PE header"
        case section = "PE section"
        case certificateTable = "certificate table"
        case version = "version resource"
        case sbat = "SBAT"
        case signatureList = "signature list"
        case update = "authenticated variable update"
        case variable = "variable"
        case volume = "firmware volume"
        case store = "variable store"
    }

    public var description: String {
        switch self {
        case .bytes(let part, let error): "\(part.rawValue): \(error.description)"
        case .value(let part, let field, let offset, let value):
            "\(part.rawValue): offset \(offset): \(field) is \(value)"
        case .range(let part, let field, let offset, let count):
            "\(part.rawValue): \(field): \(count) bytes at offset \(offset) are out of place"
        case .sectionsOverlap(let one, let other): "PE sections \(one) and \(other) overlap"
        case .line(let part, let number): "\(part.rawValue): line \(number) is malformed"
        case .signature(let index, let defect): "signature \(index): \(defect.description)"
        }
    }
}

/// Runs a parse of `part` and says so in its error.
func parsing<Value>(_ part: EFIError.Part, _ body: () throws(ByteError) -> Value) throws(EFIError) -> Value {
    do throws(ByteError) { return try body() } catch { throw .bytes(part, error) }
}
