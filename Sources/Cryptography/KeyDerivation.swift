internal import COpenSSL
public import Secrets

/// Keys from keys, all with SHA-256; libcrypto does the work.
public enum KeyDerivation {
    /// HKDF: derives `count` bytes from `secret`, without salt, for the purpose that `info` names.
    ///
    /// Source: RFC 5869, extract and expand.
    public static func hkdfSHA256(
        _ secret: borrowing SecretBytes, info: String, count: Int
    ) throws(CryptographyError) -> SecretBytes {
        try derive("HKDF", from: secret, info: Array(info.utf8), count: count)
    }

    /// KDFa: SP 800-108 in counter mode over HMAC, with `label`, a zero byte, `context` and the length in bits.
    ///
    /// Source: TCG TPM 2.0 Library, Part 1, section 11.4.10.2; there, `context` is contextU, then contextV.
    public static func kdfA(
        _ key: borrowing SecretBytes, label: String, context: [UInt8], count: Int
    ) throws(CryptographyError) -> SecretBytes {
        try derive("KBKDF", mac: "HMAC", from: key, salt: Array(label.utf8), info: context, count: count)
    }

    /// KDFe: the one-step KDF of SP 800-56A over the x coordinate that two keys agreed on.
    ///
    /// Source: TCG TPM 2.0 Library, Part 1, section 11.4.10.3; the parties are the x coordinates of their public keys.
    public static func kdfE(
        _ shared: borrowing SecretBytes, label: String, partyU: [UInt8], partyV: [UInt8], count: Int
    ) throws(CryptographyError) -> SecretBytes {
        try derive("SSKDF", from: shared, info: Array(label.utf8) + [0] + partyU + partyV, count: count)
    }

    private static func derive(
        _ algorithm: String, mac: String? = nil, from key: borrowing SecretBytes, salt: [UInt8]? = nil,
        info: [UInt8], count: Int
    ) throws(CryptographyError) -> SecretBytes {
        defer { ERR_clear_error() }
        return try SecretBytes(count: count) { (output: inout MutableSpan<UInt8>) throws(CryptographyError) in
            let code = unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe key.bytes.withUnsafeBufferPointer { key in
                    unsafe shim_derive(
                        algorithm, mac, key.baseAddress, key.count, salt, salt?.count ?? 0, info, info.count,
                        output.baseAddress, output.count)
                }
            }
            guard code == 1 else { throw CryptographyError(call: .derive) }
        }
    }
}
