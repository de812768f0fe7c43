internal import COpenSSL
public import Secrets

/// An RSA-4096 key with the exponent 65537 that signs as AMD's keys do: RSASSA-PSS, SHA-384 also in MGF1, 48 bytes of
/// salt. Source: RFC 8017, section 8.1.
@safe public struct RSASigningKey: ~Copyable {
    private let key: OpaquePointer  // EVP_PKEY *
    /// 512 bytes, big-endian, the highest bit set.
    public let modulus: [UInt8]

    /// Takes `key` over; frees it and returns nil where it is of another kind, size or exponent.
    private init?(taking key: OpaquePointer) {
        var modulus = [UInt8](repeating: 0, count: 512)
        guard unsafe shim_rsa4096_modulus(key, &modulus) == 1 else {
            unsafe EVP_PKEY_free(key)
            return nil
        }
        unsafe self.key = unsafe key
        self.modulus = modulus
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// A fresh key; it takes some seconds.
    public static func generate() throws(CryptographyError) -> RSASigningKey {
        defer { ERR_clear_error() }
        guard let made = unsafe shim_rsa4096_generate(), let key = unsafe RSASigningKey(taking: made) else {
            throw CryptographyError(call: .signingKey)
        }
        return key
    }

    /// Reads a PEM private key without passphrase; nil where it is none, or of another size or exponent.
    public static func parse(pem: borrowing SecretBytes) -> RSASigningKey? {
        defer { ERR_clear_error() }
        guard let key = unsafe PrivateKeyPEM.read(pem) else { return nil }
        return unsafe RSASigningKey(taking: key)
    }

    /// The private key as PEM, PKCS#8 without passphrase.
    public func pem() throws(CryptographyError) -> SecretBytes { try unsafe PrivateKeyPEM.write(key) }

    /// The signature over `message`, 512 bytes.
    public func signPSS(_ message: [UInt8]) throws(CryptographyError) -> [UInt8] {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { throw CryptographyError(call: .sign) }
        defer { unsafe EVP_MD_CTX_free(context) }
        var options: OpaquePointer?  // EVP_PKEY_CTX *, which `context` owns
        var signature = [UInt8](repeating: 0, count: 512)
        var count = signature.count
        guard unsafe EVP_DigestSignInit(context, &options, EVP_sha384(), nil, key) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_mgf1_md(options, EVP_sha384()) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 48) == 1,
            unsafe EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == signature.count
        else { throw CryptographyError(call: .sign) }
        return signature
    }
}
