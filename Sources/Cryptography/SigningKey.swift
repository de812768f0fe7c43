internal import COpenSSL
public import Secrets

/// A P-256 key that signs with ECDSA over SHA-256. Source: FIPS 186-5, SEC 1.
@safe public struct SigningKey: ~Copyable {
    private let key: OpaquePointer  // EVP_PKEY *
    /// Coordinates of the public point, 32 bytes each, big-endian.
    public let x: [UInt8]
    public let y: [UInt8]

    /// Bytes that a key is derived from: 128 bits more than the curve's order has, so that the reduction shows no bias.
    public static let seedByteCount = 48

    /// Its public half.
    public var publicKey: VerifyingKey? { VerifyingKey(x: x, y: y) }

    /// Takes `key` over; frees it and returns nil where it is no P-256 key.
    private init?(taking key: OpaquePointer) {
        var point = [UInt8](repeating: 0, count: 65)
        guard unsafe shim_p256_point(key, &point) == 1 else {
            unsafe EVP_PKEY_free(key)
            return nil
        }
        unsafe self.key = unsafe key
        x = Array(point[1...32])
        y = Array(point[33...])
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The key that belongs to `seed`, 48 uniform bytes: d = (seed mod (n - 1)) + 1.
    ///
    /// Source: FIPS 186-5, A.2.1, "ECDSA key pair generation using extra random bits".
    public static func derive(from seed: borrowing SecretBytes) throws(CryptographyError) -> SigningKey {
        defer { ERR_clear_error() }
        guard seed.count == seedByteCount, let key = unsafe key(from: seed), let pair = unsafe SigningKey(taking: key)
        else { throw CryptographyError(call: .signingKey) }
        return pair
    }

    private static func key(from seed: borrowing SecretBytes) -> OpaquePointer? {
        guard let group = unsafe EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1),
            let context = unsafe BN_CTX_secure_new()
        else { return nil }
        defer {
            unsafe EC_GROUP_free(group)
            unsafe BN_CTX_free(context)
        }
        guard let scalar = unsafe PrivateScalar.derive(from: seed, curve: NID_X9_62_prime256v1) else { return nil }
        defer { unsafe BN_clear_free(scalar) }
        guard let point = unsafe EC_POINT_new(group) else { return nil }
        defer { unsafe EC_POINT_free(point) }
        var encoded = [UInt8](repeating: 0, count: 65)
        guard unsafe EC_POINT_mul(group, point, scalar, nil, nil, context) == 1,
            unsafe EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, &encoded, 65, context) == 65
        else { return nil }
        return unsafe shim_p256_key(encoded, scalar)
    }

    /// Reads a PEM private key without passphrase, and never asks for one; nil where it is none, or of another curve.
    public static func parse(pem: borrowing SecretBytes) -> SigningKey? {
        defer { ERR_clear_error() }
        guard let key = unsafe PrivateKeyPEM.read(pem) else { return nil }
        return unsafe SigningKey(taking: key)
    }

    /// The private key as PEM, PKCS#8 without passphrase.
    public func pem() throws(CryptographyError) -> SecretBytes { try unsafe PrivateKeyPEM.write(key) }

    /// The signature over SHA-256 of `message`: r and s of 32 bytes each, big-endian.
    public func sign(_ message: [UInt8]) throws(CryptographyError) -> [UInt8] {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { throw CryptographyError(call: .sign) }
        defer { unsafe EVP_MD_CTX_free(context) }
        // Longest DER of two integers of 33 bytes.
        var encoded = [UInt8](repeating: 0, count: 72)
        var count = encoded.count
        guard unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            unsafe EVP_DigestSign(context, &encoded, &count, message, message.count) == 1,
            let signature = EllipticSignature.decode(Array(encoded.prefix(count)))
        else { throw CryptographyError(call: .sign) }
        return signature
    }
}
