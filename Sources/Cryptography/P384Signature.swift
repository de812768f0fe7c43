internal import COpenSSL

/// ECDSA signatures over P-384 and SHA-384, as two numbers of 48 bytes, big-endian. Source: FIPS 186-5.
public enum P384Signature {
    /// Whether r and s sign `message` under the key with the point x, y, each of 48 bytes; false also where the point
    /// is none of the curve.
    public static func isValid(r: [UInt8], s: [UInt8], for message: [UInt8], x: [UInt8], y: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard x.count == 48, y.count == 48, r.count == 48, s.count == 48,
            let encoded = SignatureNumbers.encode(r: r, s: s),
            let key = unsafe shim_p384_public_key([4] + x + y)
        else { return false }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha384(), nil, key) == 1 else { return false }
        return unsafe EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1
    }
}
