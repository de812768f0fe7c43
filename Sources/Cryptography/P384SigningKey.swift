internal import COpenSSL
public import Secrets

/// A P-384 key that signs with ECDSA over SHA-384. Source: FIPS 186-5, SEC 1.
@safe public struct P384SigningKey: ~Copyable {
    private let key: OpaquePointer  // EVP_PKEY *
    /// Coordinates of the public point, 48 bytes each, big-endian.
    public let x: [UInt8]
    public let y: [UInt8]

    /// Bytes that a key is derived from: 128 bits more than the curve's order has, so that the reduction shows no bias.
    public static let seedByteCount = 64

    /// Takes `key` over; frees it and returns nil where it is no P-384 key.
    private init?(taking key: OpaquePointer) {
        var point = [UInt8](repeating: 0, count: 97)
        guard unsafe shim_p384_point(key, &point) == 1 else {
            unsafe EVP_PKEY_free(key)
            return nil
        }
        unsafe self.key = unsafe key
        x = Array(point[1...48])
        y = Array(point[49...])
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The key that belongs to `seed`, 64 uniform bytes: d = (seed mod (n - 1)) + 1.
    ///
    /// Source: FIPS 186-5, A.2.1, "ECDSA key pair generation using extra random bits".
    public static func derive(from seed: borrowing SecretBytes) throws(CryptographyError) -> P384SigningKey {
        defer { ERR_clear_error() }
        guard seed.count == seedByteCount, let made = unsafe key(from: seed),
            let key = unsafe P384SigningKey(taking: made)
        else { throw CryptographyError(call: .signingKey) }
        return key
    }

    private static func key(from seed: borrowing SecretBytes) -> OpaquePointer? {
        guard let scalar = unsafe PrivateScalar.derive(from: seed, curve: NID_secp384r1) else { return nil }
        defer { unsafe BN_clear_free(scalar) }
        return unsafe shim_p384_key_pair(scalar)
    }

    /// The signature over SHA-384 of `message`: r and s of 48 bytes each, big-endian.
    public func sign(_ message: [UInt8]) throws(CryptographyError) -> (r: [UInt8], s: [UInt8]) {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { throw CryptographyError(call: .sign) }
        defer { unsafe EVP_MD_CTX_free(context) }
        // Longest DER of two integers of 49 bytes.
        var encoded = [UInt8](repeating: 0, count: 104)
        var count = encoded.count
        guard unsafe EVP_DigestSignInit(context, nil, EVP_sha384(), nil, key) == 1,
            unsafe EVP_DigestSign(context, &encoded, &count, message, message.count) == 1,
            let signature = SignatureNumbers.decode(Array(encoded.prefix(count)), size: 48)
        else { throw CryptographyError(call: .sign) }
        return signature
    }
}
