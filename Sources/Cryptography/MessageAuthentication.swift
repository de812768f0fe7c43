internal import COpenSSL
public import Secrets

/// HMAC. Source: RFC 2104, FIPS 180-4.
public enum MessageAuthentication {
    /// The 32-byte code over `message` under `key`.
    public static func hmacSHA256(
        _ message: Span<UInt8>, key: borrowing SecretBytes
    ) throws(CryptographyError) -> [UInt8] {
        try hmac(.sha256, message, key: key)
    }

    /// The code over `message` under `key` with any hash, as long as its digests.
    public static func hmac(
        _ algorithm: DigestAlgorithm, _ message: Span<UInt8>, key: borrowing SecretBytes
    ) throws(CryptographyError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: algorithm.byteCount)
        var length = 0
        let result = unsafe code.withUnsafeMutableBufferPointer { output in
            unsafe key.bytes.withUnsafeBufferPointer { key in
                unsafe message.withUnsafeBufferPointer { message in
                    unsafe EVP_Q_mac(
                        nil, "HMAC", nil, algorithm.rawValue, nil, key.baseAddress, key.count, message.baseAddress,
                        message.count, output.baseAddress, output.count, &length)
                }
            }
        }
        guard unsafe result != nil, length == code.count else { throw CryptographyError(call: .hmac) }
        return code
    }

    public static func hmacSHA256(
        _ message: [UInt8], key: borrowing SecretBytes
    ) throws(CryptographyError) -> [UInt8] {
        try hmacSHA256(message.span, key: key)
    }

    /// Compares two codes in a time that does not depend on where they differ.
    public static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe CRYPTO_memcmp(left, right, left.count) == 0
    }
}
