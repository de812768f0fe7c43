internal import COpenSSL
public import Secrets

/// AES-128 in XTS mode: each unit of bytes is encrypted under one key and its own number, without any growth.
///
/// The same bytes under two numbers have nothing in common; one changed block of 16 bytes of the ciphertext garbles that
/// block and no other. It hides and does not authenticate. Both key schedules are made once. Source: IEEE 1619-2018.
@safe public struct TweakedCipher: ~Copyable {
    private let encryption: OpaquePointer  // EVP_CIPHER_CTX *
    private let decryption: OpaquePointer  // EVP_CIPHER_CTX *

    /// Length of a key: the data key, then the tweak key, which must differ.
    public static let keyByteCount = 32

    private init(encryption: OpaquePointer, decryption: OpaquePointer) {
        unsafe self.encryption = encryption
        unsafe self.decryption = decryption
    }

    /// - Throws: `.tweakedCipher` for a key of another length or of two equal halves, too.
    public static func create(key: borrowing SecretBytes) throws(CryptographyError) -> TweakedCipher {
        defer { ERR_clear_error() }
        guard key.count == keyByteCount, let encryption = unsafe EVP_CIPHER_CTX_new() else {
            throw CryptographyError(call: .tweakedCipher)
        }
        guard let decryption = unsafe EVP_CIPHER_CTX_new() else {
            unsafe EVP_CIPHER_CTX_free(encryption)
            throw CryptographyError(call: .tweakedCipher)
        }
        let cipher = unsafe TweakedCipher(encryption: encryption, decryption: decryption)
        let isReady = unsafe key.bytes.withUnsafeBufferPointer { key in
            unsafe EVP_EncryptInit_ex(encryption, EVP_aes_128_xts(), nil, key.baseAddress, nil) == 1
                && EVP_DecryptInit_ex(decryption, EVP_aes_128_xts(), nil, key.baseAddress, nil) == 1
        }
        guard isReady else { throw CryptographyError(call: .tweakedCipher) }
        return cipher
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(encryption)
        unsafe EVP_CIPHER_CTX_free(decryption)
    }

    /// Encrypts one unit, a multiple of 16 bytes and at most 16 MiB, into as many bytes of `output`.
    public func encrypt(
        _ plain: Span<UInt8>, into output: inout MutableSpan<UInt8>, unit: UInt64
    ) throws(CryptographyError) {
        try run(plain, &output, unit, isEncryption: true)
    }

    /// As `encrypt`, the other way round. The start of a unit can be decrypted alone.
    public func decrypt(
        _ encrypted: Span<UInt8>, into output: inout MutableSpan<UInt8>, unit: UInt64
    ) throws(CryptographyError) {
        try run(encrypted, &output, unit, isEncryption: false)
    }

    private func run(
        _ input: Span<UInt8>, _ output: inout MutableSpan<UInt8>, _ unit: UInt64, isEncryption: Bool
    ) throws(CryptographyError) {
        guard input.count > 0, input.count % 16 == 0, input.count <= 1 << 24, input.count <= output.count else {
            throw CryptographyError(call: .tweakedCipher)
        }
        // The unit's number is a 128-bit integer, least significant byte first.
        var tweak = (unit.littleEndian, UInt64(0))
        var count: Int32 = 0
        let context = unsafe isEncryption ? encryption : decryption
        let isDone = unsafe withUnsafeBytes(of: &tweak) { tweak in
            unsafe input.withUnsafeBufferPointer { input in
                unsafe output.withUnsafeMutableBufferPointer { output in
                    let start = unsafe tweak.bindMemory(to: UInt8.self).baseAddress
                    return unsafe isEncryption
                        ? EVP_EncryptInit_ex(context, nil, nil, nil, start) == 1
                            && EVP_EncryptUpdate(
                                context, output.baseAddress, &count, input.baseAddress, Int32(input.count)) == 1
                        : EVP_DecryptInit_ex(context, nil, nil, nil, start) == 1
                            && EVP_DecryptUpdate(
                                context, output.baseAddress, &count, input.baseAddress, Int32(input.count)) == 1
                }
            }
        }
        guard isDone, Int(count) == input.count else {
            ERR_clear_error()
            throw CryptographyError(call: .tweakedCipher)
        }
    }
}
