internal import COpenSSL
public import Secrets

/// AES in a mode that hides, and does not authenticate: whoever uses it has a MAC beside it.
public enum BlockCipher {
    /// AES-128-CFB or AES-256-CFB by the length of `key`, with an IV of zeros: as many bytes as `plain` has.
    ///
    /// Only for a key that encrypts one message. Source: NIST SP 800-38A, section 6.3, with segments of 128 bits.
    /// - Parameter key: 16 or 32 bytes.
    public static func encryptCFB(
        _ plain: borrowing SecretBytes, key: borrowing SecretBytes
    ) throws(CryptographyError) -> [UInt8] {
        defer { ERR_clear_error() }
        let cipher: OpaquePointer?
        switch key.count {
        case 16: unsafe cipher = EVP_aes_128_cfb128()
        case 32: unsafe cipher = EVP_aes_256_cfb128()
        default: throw CryptographyError(call: .encrypt)
        }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw CryptographyError(call: .encrypt) }
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        let vector = [UInt8](repeating: 0, count: 16)
        var encrypted = [UInt8](repeating: 0, count: plain.count)
        var count: Int32 = 0
        let isDone = unsafe key.bytes.withUnsafeBufferPointer { key in
            unsafe plain.bytes.withUnsafeBufferPointer { plain in
                unsafe EVP_EncryptInit_ex(context, cipher, nil, key.baseAddress, vector) == 1
                    && EVP_EncryptUpdate(context, &encrypted, &count, plain.baseAddress, Int32(plain.count)) == 1
            }
        }
        // A stream has no last block to finish.
        guard isDone, Int(count) == encrypted.count else { throw CryptographyError(call: .encrypt) }
        return encrypted
    }
}
