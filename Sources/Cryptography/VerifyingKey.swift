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
        let (parsed, used) = unsafe decodeDER(bytes) { unsafe d2i_ECDSA_SIG(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { return nil }
        defer { unsafe ECDSA_SIG_free(parsed) }
        guard used == bytes.count else { return nil }
        var r = [UInt8](repeating: 0, count: 32)
        var s = r
        guard unsafe BN_bn2binpad(ECDSA_SIG_get0_r(parsed), &r, 32) == 32,
            unsafe BN_bn2binpad(ECDSA_SIG_get0_s(parsed), &s, 32) == 32
        else { return nil }
        return r + s
    }

    static func encode(_ signature: [UInt8]) -> [UInt8]? {
        guard signature.count == 64, let parts = unsafe ECDSA_SIG_new() else { return nil }
        defer { unsafe ECDSA_SIG_free(parts) }
        let (r, s) = unsafe (
            BN_bin2bn(Array(signature[..<32]), 32, nil), BN_bin2bn(Array(signature[32...]), 32, nil)
        )
        guard unsafe ECDSA_SIG_set0(parts, r, s) == 1 else {
            unsafe BN_free(r)
            unsafe BN_free(s)
            return nil
        }
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_ECDSA_SIG(parts, &encoded)
        defer { unsafe CRYPTO_free(encoded, nil, 0) }
        guard count > 0, let encoded = unsafe encoded else { return nil }
        return unsafe Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }
}
