internal import COpenSSL

/// Reads one PEM public key (`BEGIN PUBLIC KEY`) and lends it, an `EVP_PKEY *`, to `read`; nil where it is none.
func readPublicKey<Value>(pem: [UInt8], _ read: (OpaquePointer) -> Value?) -> Value? {
    defer { ERR_clear_error() }
    guard pem.count <= 1 << 16, let input = unsafe BIO_new_mem_buf(pem, Int32(pem.count)) else { return nil }
    defer { unsafe BIO_free(input) }
    // It must never ask at a terminal for a passphrase.
    guard let key = unsafe PEM_read_bio_PUBKEY(input, nil, { _, _, _, _ in -1 }, nil) else { return nil }
    defer { unsafe EVP_PKEY_free(key) }
    return unsafe read(key)
}
