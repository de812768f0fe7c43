internal import COpenSSL
public import Secrets

/// Random bytes from libcrypto's private generator.
public enum Random {
    public static func secret(count: Int) throws(CryptographyError) -> SecretBytes {
        try SecretBytes(count: count) { (output: inout MutableSpan<UInt8>) throws(CryptographyError) in
            let code = unsafe output.withUnsafeMutableBufferPointer {
                unsafe RAND_priv_bytes($0.baseAddress, Int32($0.count))
            }
            guard code == 1 else { throw CryptographyError(call: .random) }
        }
    }
}
