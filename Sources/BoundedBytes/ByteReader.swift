/// A forward-only cursor over borrowed bytes.
///
/// Every read checks its bounds first and, on failure, throws an error that carries the offset, in
/// bytes from the start of the span. A failed read leaves the cursor where it was.
public struct ByteReader: ~Escapable {
    private let bytes: Span<UInt8>
    /// Offset of the next read, in bytes from the start of the span.
    public private(set) var offset = 0

    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    /// Bytes left to read.
    public var remaining: Int { bytes.count - offset }

    /// Reads one little-endian unsigned integer.
    public mutating func integer<T: FixedWidthInteger & UnsignedInteger>(
        _ type: T.Type = T.self
    ) throws(ByteError) -> T {
        T(littleEndian: try native(type))
    }

    /// Reads one big-endian unsigned integer.
    public mutating func bigEndian<T: FixedWidthInteger & UnsignedInteger>(
        _ type: T.Type = T.self
    ) throws(ByteError) -> T {
        T(bigEndian: try native(type))
    }

    /// Copies the next `count` bytes out.
    public mutating func bytes(_ count: Int) throws(ByteError) -> [UInt8] {
        try require(count)
        defer { offset += count }
        var copy: [UInt8] = []
        copy.reserveCapacity(count)
        for index in offset..<offset + count { copy.append(bytes[index]) }
        return copy
    }

    /// Reads 16 bytes in disk order.
    public mutating func guid() throws(ByteError) -> GUID {
        try require(16)
        return GUID(try integer(), try integer())
    }

    /// Skips `count` bytes that the format says must be zero.
    public mutating func reserved(_ count: Int) throws(ByteError) {
        try require(count)
        for index in offset..<offset + count where bytes[index] != 0 {
            throw .reservedNotZero(offset: index)
        }
        offset += count
    }

    /// Moves forward to `target`, an offset from the start of the span.
    public mutating func skip(to target: Int) throws(ByteError) {
        try require(target - offset)
        offset = target
    }

    /// Moves forward by `count` bytes.
    public mutating func skip(_ count: Int) throws(ByteError) {
        try require(count)
        offset += count
    }

    /// Ends the parse: anything left over is an error.
    public func finish() throws(ByteError) {
        guard remaining == 0 else { throw .trailing(offset: offset, count: remaining) }
    }

    private mutating func native<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type) throws(ByteError) -> T {
        let size = T.bitWidth / 8
        try require(size)
        var value: T = 0
        for index in (offset..<offset + size).reversed() { value = value << 8 | T(bytes[index]) }
        offset += size
        return T(littleEndian: value)
    }

    private func require(_ count: Int) throws(ByteError) {
        guard count >= 0, count <= remaining else {
            throw .truncated(offset: offset, needed: count, available: remaining)
        }
    }
}
