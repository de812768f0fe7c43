internal import COpenSSL
public import Secrets

/// AES-256-GCM. Source: NIST SP 800-38D.
public enum AuthenticatedCipher {
    public static let keyByteCount = 32
    public static let vectorByteCount = 12
    public static let tagByteCount = 16

    /// Encrypts `plain` and authenticates it and `associated`.
    ///
    /// - Parameter vector: 12 bytes, never used twice with the same key.
    /// - Returns: as many bytes as `plain` has, and the tag of 16 bytes.
    public static func seal(
        _ plain: [UInt8], associated: [UInt8], vector: [UInt8], key: borrowing SecretBytes
    ) throws(CryptographyError) -> (encrypted: [UInt8], tag: [UInt8]) {
        defer { ERR_clear_error() }
        guard let context = unsafe context(vector: vector, key: key, isSealing: true) else {
            throw CryptographyError(call: .encrypt)
        }
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        var encrypted = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: tagByteCount)
        var last = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        guard unsafe EVP_CipherUpdate(context, nil, &count, associated, Int32(associated.count)) == 1,
            unsafe EVP_CipherUpdate(context, &encrypted, &count, plain, Int32(plain.count)) == 1,
            unsafe EVP_CipherFinal_ex(context, &last, &count) == 1, count == 0,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagByteCount), &tag) == 1
        else { throw CryptographyError(call: .encrypt) }
        return (encrypted, tag)
    }

    /// Decrypts what `seal` made; nil where one bit of any argument is another one.
    public static func open(
        _ encrypted: [UInt8], tag: [UInt8], associated: [UInt8], vector: [UInt8], key: borrowing SecretBytes
    ) throws(CryptographyError) -> [UInt8]? {
        defer { ERR_clear_error() }
        guard tag.count == tagByteCount else { return nil }
        guard let context = unsafe context(vector: vector, key: key, isSealing: false) else {
            throw CryptographyError(call: .encrypt)
        }
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        var plain = [UInt8](repeating: 0, count: encrypted.count)
        var expected = tag
        var last = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        guard unsafe EVP_CipherUpdate(context, nil, &count, associated, Int32(associated.count)) == 1,
            unsafe EVP_CipherUpdate(context, &plain, &count, encrypted, Int32(encrypted.count)) == 1,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagByteCount), &expected) == 1
        else { throw CryptographyError(call: .encrypt) }
        return unsafe EVP_CipherFinal_ex(context, &last, &count) == 1 ? plain : nil
    }

    private static func context(vector: [UInt8], key: borrowing SecretBytes, isSealing: Bool) -> OpaquePointer? {
        guard vector.count == vectorByteCount, key.count == keyByteCount, let context = unsafe EVP_CIPHER_CTX_new()
        else { return nil }
        let isReady = unsafe key.bytes.withUnsafeBufferPointer {
            // 12 bytes are the mode's own length of a vector.
            unsafe EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, $0.baseAddress, vector, isSealing ? 1 : 0) == 1
        }
        guard isReady else {
            unsafe EVP_CIPHER_CTX_free(context)
            return nil
        }
        return unsafe context
    }
}
