internal import COpenSSL
public import Secrets

/// HKDF with SHA-256. Source: RFC 5869; libcrypto does extract and expand.
public enum KeyDerivation {
    /// Derives `count` bytes from `secret`, without salt, for the purpose that `info` names.
    public static func hkdfSHA256(
        _ secret: borrowing SecretBytes, info: String, count: Int
    ) throws(CryptographyError) -> SecretBytes {
        guard let algorithm = unsafe EVP_KDF_fetch(nil, "HKDF", nil) else { throw CryptographyError(call: .derive) }
        defer { unsafe EVP_KDF_free(algorithm) }
        guard let context = unsafe EVP_KDF_CTX_new(algorithm) else { throw CryptographyError(call: .derive) }
        defer { unsafe EVP_KDF_CTX_free(context) }
        var digestName = Array("SHA256".utf8CString)
        // The zero keeps the pointer valid for an empty label; it is not part of it.
        var label = Array(info.utf8) + [0]
        return try SecretBytes(count: count) { (output: inout MutableSpan<UInt8>) throws(CryptographyError) in
            let code = unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe secret.bytes.withUnsafeBufferPointer { key in
                    unsafe digestName.withUnsafeMutableBufferPointer { name in
                        unsafe label.withUnsafeMutableBufferPointer { label in
                            // libcrypto takes the key as a mutable pointer and only reads it.
                            let keyStart = unsafe UnsafeMutableRawPointer(mutating: key.baseAddress)
                            var parameters = unsafe [
                                OSSL_PARAM_construct_utf8_string(shim_OSSL_KDF_PARAM_DIGEST, name.baseAddress, 0),
                                OSSL_PARAM_construct_octet_string(shim_OSSL_KDF_PARAM_KEY, keyStart, key.count),
                                OSSL_PARAM_construct_octet_string(
                                    shim_OSSL_KDF_PARAM_INFO, label.baseAddress, label.count - 1),
                                OSSL_PARAM_construct_end(),
                            ]
                            return unsafe EVP_KDF_derive(context, target.baseAddress, target.count, &parameters)
                        }
                    }
                }
            }
            guard code == 1 else { throw CryptographyError(call: .derive) }
        }
    }
}
