internal import COpenSSL

/// An RSA-2048 public key with the exponent 65537 whose signatures over SHA-256 are checked. Source: RFC 8017.
public struct RSAVerifyingKey: Equatable, Sendable {
    public enum Padding: Sendable {
        /// RSASSA-PKCS1-v1_5.
        case pkcs1
        /// RSASSA-PSS with MGF1 over the same hash and a salt of any length.
        case pss
    }

    /// 256 bytes, big-endian, the highest bit set.
    public let modulus: [UInt8]

    /// Nil unless `modulus` is an odd number of exactly 2048 bits.
    public init?(modulus: [UInt8]) {
        guard modulus.count == 256, modulus[0] & 0x80 != 0, modulus[255] & 1 == 1 else { return nil }
        self.modulus = modulus
    }

    /// Whether `signature`, 256 bytes, is one over SHA-256 of `message`.
    public func isValid(_ signature: [UInt8], for message: [UInt8], padding: Padding) -> Bool {
        defer { ERR_clear_error() }
        guard let key = unsafe shim_rsa_key(modulus) else { return false }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        guard unsafe EVP_DigestVerifyInit(context, &parameters, EVP_sha256(), nil, key) == 1,
            let parameters = unsafe parameters
        else { return false }
        if padding == .pss {
            guard unsafe EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1,
                unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_AUTO) == 1
            else { return false }
        }
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
