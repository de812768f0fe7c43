public import BoundedBytes

/// Why bytes are not a GUID partition table that we would change.
public enum PartitionTableError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Copy: String, Sendable { case primary, backup }

    /// No header signature at LBA 1, for sectors of 512 or of 4096 bytes.
    case notGPT
    case bytes(Copy, ByteError)
    case signature(Copy)
    case revision(Copy, UInt32)
    case headerSize(Copy, UInt32)
    case headerChecksum(Copy)
    case entriesChecksum(Copy)
    /// The header says that it lies at another LBA than it was read from.
    case ownAddress(Copy, UInt64)
    /// A field that points out of the image or onto another structure.
    case layout(Copy, field: String, value: UInt64)
    case entrySize(Copy, UInt32)
    case entryCount(Copy, UInt32)
    /// The two headers do not describe the same table.
    case copiesDiffer(field: String)
    case partitionBounds(number: Int, first: UInt64, last: UInt64)
    case partitionsOverlap(Int, Int)
    /// A partition cannot end there: another one, or the end of the disk, is in the way.
    case noSpace(number: Int, last: UInt64)

    public var description: String {
        switch self {
        case .notGPT: "no GUID partition table"
        case .bytes(let copy, let error): "\(copy.rawValue) GPT: \(error)"
        case .signature(let copy): "\(copy.rawValue) GPT header: no signature"
        case .revision(let copy, let value): "\(copy.rawValue) GPT header: unknown revision \(value)"
        case .headerSize(let copy, let value): "\(copy.rawValue) GPT header: size \(value)"
        case .headerChecksum(let copy): "\(copy.rawValue) GPT header: wrong checksum"
        case .entriesChecksum(let copy): "\(copy.rawValue) GPT entries: wrong checksum"
        case .ownAddress(let copy, let value): "\(copy.rawValue) GPT header: claims to be at LBA \(value)"
        case .layout(let copy, let field, let value): "\(copy.rawValue) GPT header: \(field) \(value) is out of place"
        case .entrySize(let copy, let value): "\(copy.rawValue) GPT header: entries of \(value) bytes"
        case .entryCount(let copy, let value): "\(copy.rawValue) GPT header: \(value) entries"
        case .copiesDiffer(let field): "the two GPT headers differ in \(field)"
        case .partitionBounds(let number, let first, let last): "partition \(number): LBA \(first) to \(last)"
        case .partitionsOverlap(let one, let other): "partitions \(one) and \(other) overlap"
        case .noSpace(let number, let last): "partition \(number) cannot end at LBA \(last)"
        }
    }
}
