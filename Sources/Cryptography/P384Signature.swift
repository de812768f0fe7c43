internal import COpenSSL

/// ECDSA signatures over P-384 and SHA-384, as two numbers of 48 bytes, big-endian. Source: FIPS 186-5.
public enum P384Signature {
    /// Whether r and s sign `message` under the key with the point x, y, each of 48 bytes; false also where the point
    /// is none of the curve.
    public static func isValid(r: [UInt8], s: [UInt8], for message: [UInt8], x: [UInt8], y: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard x.count == 48, y.count == 48, let encoded = encode(r: r, s: s),
            let key = unsafe shim_p384_public_key([4] + x + y)
        else { return false }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha384(), nil, key) == 1 else { return false }
        return unsafe EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1
    }

    /// r and s from DER (SEC 1, C.8); nil where `bytes` are not exactly one signature of that size.
    static func decode(_ bytes: [UInt8]) -> (r: [UInt8], s: [UInt8])? {
        let (parsed, used) = unsafe decodeDER(bytes) { unsafe d2i_ECDSA_SIG(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { return nil }
        defer { unsafe ECDSA_SIG_free(parsed) }
        var r = [UInt8](repeating: 0, count: 48)
        var s = r
        guard used == bytes.count, unsafe BN_bn2binpad(ECDSA_SIG_get0_r(parsed), &r, 48) == 48,
            unsafe BN_bn2binpad(ECDSA_SIG_get0_s(parsed), &s, 48) == 48
        else { return nil }
        return (r, s)
    }

    private static func encode(r: [UInt8], s: [UInt8]) -> [UInt8]? {
        guard r.count == 48, s.count == 48, let parts = unsafe ECDSA_SIG_new() else { return nil }
        defer { unsafe ECDSA_SIG_free(parts) }
        let (first, second) = unsafe (BN_bin2bn(r, 48, nil), BN_bin2bn(s, 48, nil))
        guard unsafe ECDSA_SIG_set0(parts, first, second) == 1 else {
            unsafe BN_free(first)
            unsafe BN_free(second)
            return nil
        }
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_ECDSA_SIG(parts, &encoded)
        defer { unsafe CRYPTO_free(encoded, nil, 0) }
        guard count > 0, let encoded = unsafe encoded else { return nil }
        return unsafe Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }
}
