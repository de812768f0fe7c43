/// Why a read of untrusted bytes failed. Offsets are in bytes from the start of the input.
public enum ByteError: Error, Equatable, Sendable, CustomStringConvertible {
    case truncated(offset: Int, needed: Int, available: Int)
    case reservedNotZero(offset: Int)
    case trailing(offset: Int, count: Int)

    public var description: String {
        switch self {
        case .truncated(let offset, let needed, let available):
            "offset \(offset): \(needed) bytes needed, \(available) left"
        case .reservedNotZero(let offset): "offset \(offset): reserved byte is not zero"
        case .trailing(let offset, let count): "offset \(offset): \(count) bytes too many"
        }
    }
}
