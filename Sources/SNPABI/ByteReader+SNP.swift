internal import BoundedBytes

extension SNPFormatError {
    /// Reads one structure; what the bytes get wrong is said of it.
    static func reading<Value>(
        _ structure: String, _ body: () throws(ByteError) -> Value
    ) throws(SNPFormatError) -> Value {
        do throws(ByteError) { return try body() } catch { throw SNPFormatError(structure, .bytes(error)) }
    }

    /// Demands that a structure has its one size.
    static func require(_ structure: String, _ bytes: [UInt8], count: Int) throws(SNPFormatError) {
        guard bytes.count == count else {
            throw SNPFormatError(structure, .size(expected: count, found: bytes.count))
        }
    }
}

extension ByteWriter {
    /// Appends a field of fixed size; another size is the caller's mistake.
    mutating func fixed(_ bytes: [UInt8], _ count: Int) {
        precondition(bytes.count == count)
        append(bytes)
    }

    mutating func zeros(_ count: Int) { append([UInt8](repeating: 0, count: count)) }

    /// Fills up with zeros to `offset`.
    mutating func zeros(to offset: Int) { zeros(offset - bytes.count) }
}
