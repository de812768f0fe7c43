internal import COpenSSL

/// A libcrypto call that failed: out of memory, no entropy, or an algorithm that the build lacks.
public struct CryptographyError: Error, Equatable, CustomStringConvertible {
    public enum Call: String, Sendable {
        case digest = "EVP_Digest"
        case runningDigest = "EVP_DigestUpdate"
        case hmac = "EVP_Q_mac"
        case derive = "EVP_KDF_derive"
        case random = "RAND_priv_bytes"
        case certificateStore = "X509_STORE_new"
        case signingKey = "EVP_PKEY_fromdata"
        case sign = "EVP_DigestSign"
        case encodeKey = "PEM_write_bio_PKCS8PrivateKey"
        case agree = "EVP_PKEY_derive"
        case encrypt = "EVP_EncryptUpdate"
        case encryptKey = "EVP_PKEY_encrypt"
        case tweakedCipher = "EVP_CipherUpdate"
    }

    public let call: Call
    public var description: String { call.rawValue + " failed" }
}
