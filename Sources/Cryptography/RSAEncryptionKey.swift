internal import COpenSSL
public import Secrets

/// An RSA-2048 public key with the exponent 65537 that secrets are encrypted to. Source: RFC 8017.
public struct RSAEncryptionKey: Equatable, Sendable {
    /// 256 bytes, big-endian, the highest bit set.
    public let modulus: [UInt8]

    /// Nil unless `modulus` is an odd number of exactly 2048 bits.
    public init?(modulus: [UInt8]) {
        guard modulus.count == 256, modulus[0] & 0x80 != 0, modulus[255] & 1 == 1 else { return nil }
        self.modulus = modulus
    }

    /// Reads a PEM public key (`BEGIN PUBLIC KEY`); nil where it is none, or of another size or exponent.
    public init?(pem: [UInt8]) {
        let modulus = unsafe readPublicKey(pem: pem) { key -> [UInt8]? in
            var modulus = [UInt8](repeating: 0, count: 256)
            return unsafe shim_rsa_modulus(key, &modulus) == 1 ? modulus : nil
        }
        guard let modulus else { return nil }
        self.init(modulus: modulus)
    }

    /// RSAES-OAEP with SHA-256, also in MGF1: 256 bytes.
    /// - Parameter label: L of RFC 8017, section 7.1.1; not empty.
    public func encryptOAEP(
        _ secret: borrowing SecretBytes, label: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        defer { ERR_clear_error() }
        guard let key = unsafe shim_rsa_key(modulus) else { throw CryptographyError(call: .encryptKey) }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_PKEY_CTX_new(key, nil) else { throw CryptographyError(call: .encryptKey) }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_encrypt_init(context) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1
        else { throw CryptographyError(call: .encryptKey) }
        // The context frees its label, but only one that it took.
        let copy = unsafe CRYPTO_memdup(label, label.count, nil, 0)
        guard unsafe EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, Int32(label.count)) == 1 else {
            unsafe CRYPTO_free(copy, nil, 0)
            throw CryptographyError(call: .encryptKey)
        }
        var encrypted = [UInt8](repeating: 0, count: 256)
        var count = encrypted.count
        let code = unsafe secret.bytes.withUnsafeBufferPointer {
            unsafe EVP_PKEY_encrypt(context, &encrypted, &count, $0.baseAddress, $0.count)
        }
        guard code == 1, count == encrypted.count else { throw CryptographyError(call: .encryptKey) }
        return encrypted
    }
}
