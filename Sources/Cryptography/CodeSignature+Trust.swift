internal import COpenSSL

extension CodeSignature {
    /// Every signature is right, and every signer chains up to `authority`, which may be an intermediate or the
    /// signer itself. Purposes and dates are not looked at.
    ///
    /// Source: UEFI 2.10, section 32.5.1; edk2 `CryptPkcs7VerifyCommon.c`, which has the same flags.
    public func isTrusted(by authority: borrowing X509Certificate) throws(CryptographyError) -> Bool {
        defer { ERR_clear_error() }
        guard let store = unsafe X509_STORE_new() else { throw CryptographyError(call: .certificateStore) }
        defer { unsafe X509_STORE_free(store) }
        let flags = UInt(X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME)
        guard unsafe X509_STORE_add_cert(store, authority.certificate) == 1,
            unsafe X509_STORE_set_purpose(store, X509_PURPOSE_ANY) == 1,
            unsafe X509_STORE_set_flags(store, flags) == 1
        else { throw CryptographyError(call: .certificateStore) }
        return try unsafe content.withUnsafeBufferPointer { (bytes) throws(CryptographyError) in
            guard let input = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
                throw CryptographyError(call: .certificateStore)
            }
            defer { unsafe BIO_free(input) }
            return unsafe PKCS7_verify(message, nil, store, input, nil, PKCS7_BINARY) == 1
        }
    }

    /// The digests of the to-be-signed parts of all certificates that the message carries.
    public func toBeSignedDigests(_ algorithm: DigestAlgorithm) throws(CryptographyError) -> [[UInt8]] {
        guard let list = unsafe message.pointee.d.sign?.pointee.cert else { return [] }
        var digests: [[UInt8]] = []
        for index in 0..<max(0, unsafe OPENSSL_sk_num(list)) {
            guard let entry = unsafe OPENSSL_sk_value(list, index) else { continue }
            digests.append(try unsafe X509Certificate.toBeSignedDigest(of: OpaquePointer(entry), algorithm))
        }
        return digests
    }
}
