internal import COpenSSL

extension Random {
    /// Bytes that nobody has seen and everybody may see.
    public static func nonce(count: Int) throws(CryptographyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard unsafe RAND_bytes(&bytes, Int32(count)) == 1 else { throw CryptographyError(call: .random) }
        return bytes
    }
}
