internal import COpenSSL

/// A P-256 public key whose ECDSA signatures over SHA-256 are checked. Source: FIPS 186-5, SEC 1.
public struct VerifyingKey: Equatable, Sendable {
    /// Coordinates of the point, 32 bytes each, big-endian.
    public let x: [UInt8]
    public let y: [UInt8]

    /// The key with that point; nil where it is none of the curve.
    public init?(x: [UInt8], y: [UInt8]) {
        defer { ERR_clear_error() }
        guard x.count == 32, y.count == 32, let key = unsafe shim_p256_key([4] + x + y, nil) else { return nil }
        unsafe EVP_PKEY_free(key)
        self.x = x
        self.y = y
    }

    /// Reads a PEM public key (`BEGIN PUBLIC KEY`); nil where it is none, or of another curve.
    public init?(pem: [UInt8]) {
        let point = unsafe readPublicKey(pem: pem) { key -> [UInt8]? in
            var point = [UInt8](repeating: 0, count: 65)
            return unsafe shim_p256_point(key, &point) == 1 ? point : nil
        }
        guard let point else { return nil }
        x = Array(point[1...32])
        y = Array(point[33...])
    }

    /// Whether `signature`, r and s of 32 bytes each, big-endian, is one over SHA-256 of `message`.
    public func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard let encoded = EllipticSignature.encode(signature), let key = unsafe shim_p256_key([4] + x + y, nil) else {
            return false
        }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
        return unsafe EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1
    }
}

/// The two spellings of an ECDSA signature over P-256: 64 bytes, and the DER of SEC 1, C.8.
public enum EllipticSignature {
    /// The 64 bytes r ‖ s from DER; nil where `bytes` are not exactly one signature of that size.
    public static func decode(_ bytes: [UInt8]) -> [UInt8]? {
        defer { ERR_clear_error() }
        return SignatureNumbers.decode(bytes, size: 32).map { $0.r + $0.s }
    }

    static func encode(_ signature: [UInt8]) -> [UInt8]? {
        guard signature.count == 64 else { return nil }
        return SignatureNumbers.encode(r: Array(signature[..<32]), s: Array(signature[32...]))
    }
}
