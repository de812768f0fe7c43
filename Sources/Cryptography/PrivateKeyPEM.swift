internal import COpenSSL
internal import Secrets

/// PEM of private keys, PKCS#8 without passphrase, never out of locked memory.
enum PrivateKeyPEM {
    /// Reads one key, an `EVP_PKEY *` that the caller owns, and never asks for a passphrase; nil where it is none.
    static func read(_ pem: borrowing SecretBytes) -> OpaquePointer? {
        unsafe pem.bytes.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            guard bytes.count <= 1 << 16, let input = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
            else { return nil }
            defer { unsafe BIO_free(input) }
            return unsafe PEM_read_bio_PrivateKey(input, nil, { _, _, _, _ in -1 }, nil)
        }
    }

    static func write(_ key: OpaquePointer) throws(CryptographyError) -> SecretBytes {
        defer { ERR_clear_error() }
        guard let output = unsafe BIO_new(BIO_s_secmem()) else { throw CryptographyError(call: .encodeKey) }
        defer { unsafe BIO_free(output) }
        guard unsafe PEM_write_bio_PKCS8PrivateKey(output, key, nil, nil, 0, nil, nil) == 1 else {
            throw CryptographyError(call: .encodeKey)
        }
        let count = unsafe BIO_ctrl_pending(output)
        return try SecretBytes(count: count) { (text: inout MutableSpan<UInt8>) throws(CryptographyError) in
            let read = unsafe text.withUnsafeMutableBufferPointer {
                unsafe BIO_read(output, $0.baseAddress, Int32($0.count))
            }
            guard Int(read) == count else { throw CryptographyError(call: .encodeKey) }
        }
    }
}
