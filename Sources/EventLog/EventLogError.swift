public import BoundedBytes

/// Why bytes are not an event log. Offsets are in bytes from the start of the log.
public enum EventLogError: Error, Equatable, Sendable, CustomStringConvertible {
    case bytes(ByteError)
    /// The header names no algorithm, or more than a TPM can have banks.
    case algorithmCount(UInt32, offset: Int)
    /// The header gives a digest length that is not the algorithm's, or that no hash has.
    case digestSize(algorithm: UInt16, size: UInt16, offset: Int)
    /// An algorithm that the header names twice, or for which a record has two digests.
    case doubledAlgorithm(UInt16, offset: Int)
    /// A digest of an algorithm that the header does not name: its length is unknown.
    case unknownAlgorithm(UInt16, offset: Int)
    /// A record without digests, or with more than the header names.
    case digestCount(UInt32, offset: Int)
    /// A PCR above 23, in a record that is extended.
    case pcrIndex(UInt32, offset: Int)

    public var offset: Int {
        switch self {
        case .bytes(.truncated(let offset, _, _)), .bytes(.reservedNotZero(let offset)),
            .bytes(.trailing(let offset, _)):
            offset
        case .algorithmCount(_, let offset), .digestSize(_, _, let offset), .doubledAlgorithm(_, let offset),
            .unknownAlgorithm(_, let offset), .digestCount(_, let offset), .pcrIndex(_, let offset):
            offset
        }
    }

    public var description: String {
        if case .bytes(let error) = self { return error.description }
        return "offset " + String(offset) + ": " + what
    }

    private var what: String {
        func name(_ algorithm: UInt16) -> String { "algorithm " + Hexadecimal.prefixed(UInt32(algorithm)) }
        return switch self {
        case .bytes(let error): error.description
        case .algorithmCount(let count, _): String(count) + " hash algorithms"
        case .digestSize(let algorithm, let size, _): "digests of " + String(size) + " bytes for " + name(algorithm)
        case .doubledAlgorithm(let algorithm, _): name(algorithm) + " twice"
        case .unknownAlgorithm(let algorithm, _): name(algorithm) + " is not in the header"
        case .digestCount(let count, _): String(count) + " digests in a record"
        case .pcrIndex(let index, _): "PCR " + String(index) + " does not exist"
        }
    }
}
