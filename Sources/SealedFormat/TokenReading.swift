internal import BoundedBytes
internal import JSON

typealias TokenReader = ObjectReader<TokenError>

extension ObjectReader<TokenError> {
    /// Bytes in hexadecimal, exactly `count` of them.
    mutating func digest(_ name: String, count: Int) throws(TokenError) -> [UInt8] {
        guard let bytes = Hexadecimal.decode(try string(name)) else {
            throw TokenError(path(of: name), .notHexadecimal)
        }
        guard bytes.count == count else { throw TokenError(path(of: name), .wrongLength(bytes.count)) }
        return bytes
    }

    /// A TPM2B structure in Base64: 16-bit big-endian size, then that many bytes, at least one and `limit` at most.
    mutating func sized(_ name: String, limit: Int) throws(TokenError) -> [UInt8] {
        let text = try string(name)
        guard let bytes = Base64.decode(text) else { throw TokenError(path(of: name), .notBase64) }
        guard bytes.count > 2, bytes.count <= 2 + limit, Int(bytes[0]) << 8 | Int(bytes[1]) == bytes.count - 2 else {
            throw TokenError(path(of: name), .wrongLength(bytes.count))
        }
        return bytes
    }

    /// Bytes in Base64, exactly `count` of them.
    mutating func bytes(_ name: String, count: Int) throws(TokenError) -> [UInt8] {
        guard let bytes = Base64.decode(try string(name)) else { throw TokenError(path(of: name), .notBase64) }
        guard bytes.count == count else { throw TokenError(path(of: name), .wrongLength(bytes.count)) }
        return bytes
    }

    /// An integer in `range`.
    mutating func number(_ name: String, in range: ClosedRange<Int64>) throws(TokenError) -> Int64 {
        let number = try integer(name)
        guard range.contains(number) else { throw TokenError(path(of: name), .value("\(number)")) }
        return number
    }
}
