/// Appends integers and byte strings to one growing array.
public struct ByteWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// Appends `value`, least significant byte first.
    public mutating func littleEndian<T: FixedWidthInteger & UnsignedInteger>(_ value: T) {
        for shift in stride(from: 0, to: T.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> T(shift)))
        }
    }

    /// Appends `value`, most significant byte first.
    public mutating func bigEndian<T: FixedWidthInteger & UnsignedInteger>(_ value: T) {
        littleEndian(value.byteSwapped)
    }

    public mutating func append(_ more: [UInt8]) { bytes += more }

    /// Appends a 32-bit big-endian length and then the bytes, so that no two lists of fields read alike.
    public mutating func lengthPrefixed(_ more: [UInt8]) {
        bigEndian(UInt32(more.count))
        bytes += more
    }

    /// As `lengthPrefixed` for the UTF-8 form of `text`.
    public mutating func lengthPrefixed(_ text: String) { lengthPrefixed(Array(text.utf8)) }
}
