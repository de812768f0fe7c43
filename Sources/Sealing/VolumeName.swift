public import Cryptography
public import Secrets

/// What names a volume by its key alone: no two keys have the same, and it gives nothing of the key away.
///
/// It is the policy reference of the authority's signatures, so what is approved for one volume opens no other; and a
/// volume whose key has another name is another volume, whoever made it.
public enum VolumeName {
    /// HMAC-SHA-256 over a fixed text, keyed by the volume key; 32 bytes.
    public static func of(_ volumeKey: borrowing SecretBytes) throws(CryptographyError) -> [UInt8] {
        try MessageAuthentication.hmacSHA256(Array("sealroot v1 volume name".utf8), key: volumeKey)
    }
}
