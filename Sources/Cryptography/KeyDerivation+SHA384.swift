internal import COpenSSL
public import Secrets

extension KeyDerivation {
    /// HKDF with SHA-384 and without salt: derives `count` bytes from `secret` for the purpose and the values that
    /// `info` names.
    ///
    /// Source: RFC 5869, extract and expand.
    public static func hkdfSHA384(
        _ secret: borrowing SecretBytes, info: [UInt8], count: Int
    ) throws(CryptographyError) -> SecretBytes {
        defer { ERR_clear_error() }
        return try SecretBytes(count: count) { (output: inout MutableSpan<UInt8>) throws(CryptographyError) in
            let code = unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe secret.bytes.withUnsafeBufferPointer { secret in
                    unsafe shim_hkdf_sha384(
                        secret.baseAddress, secret.count, info, info.count, output.baseAddress, output.count)
                }
            }
            guard code == 1 else { throw CryptographyError(call: .derive) }
        }
    }
}
