public import BoundedBytes
public import Cryptography
public import JSON

/// Why one copy of a header cannot be read. Offsets are in bytes from the start of the copy.
public enum HeaderDefect: Error, Equatable, Sendable, CustomStringConvertible {
    /// Cut short, longer than it says, or a reserved byte that is not zero.
    case bytes(ByteError)
    case magic
    case version(UInt16)
    /// `hdr_size` is none of the nine sizes of the format.
    case size(UInt64)
    /// `hdr_offset` is not where this copy belongs.
    case position(UInt64)
    /// A text field without terminating zero, with bytes behind it, or that is not UTF-8.
    case text(offset: Int)
    case uuid
    /// Another checksum algorithm than `sha256`.
    case checksumAlgorithm(String)
    case checksum
    /// The JSON area does not begin with `{`, or has no zero byte at its end, or other bytes behind it.
    case metadataArea(offset: Int)
    case metadata(JSONError)
    /// The checksum could not be computed.
    case cryptography(CryptographyError)

    public var description: String {
        switch self {
        case .bytes(let error): error.description
        case .magic: "no LUKS magic"
        case .version(let version): "LUKS version \(version), not 2"
        case .size(let size): "header size \(size) is not allowed"
        case .position(let offset): "header says it lies at offset \(offset)"
        case .text(let offset): "text field at offset \(offset) is not zero-terminated UTF-8"
        case .uuid: "UUID is not 36 characters of the usual form"
        case .checksumAlgorithm(let name): "checksum algorithm '\(Printable.escape(name))' is not sha256"
        case .checksum: "checksum does not match"
        case .metadataArea(let offset): "metadata area at offset \(offset): not one zero-padded JSON object"
        case .metadata(let error): error.description
        case .cryptography(let error): error.description
        }
    }
}
