public import Cryptography
public import Secrets

/// The 32 random bytes that the TPM keeps, and all that is derived from them.
///
/// Source: architecture, section 4.1. Each purpose has an HKDF-SHA-256 label of its own, so that no value
/// tells anything about another; the labels carry the version of the token's format.
public struct SealedSecret: ~Copyable {
    /// Length of the secret, in bytes.
    public static let byteCount = 32

    public let bytes: SecretBytes

    /// - Throws: `SealingError.length` for anything but 32 bytes: the TPM gave us another object's data.
    public init(_ bytes: consuming SecretBytes) throws(SealingError) {
        guard bytes.count == Self.byteCount else { throw .length(bytes.count) }
        self.bytes = bytes
    }

    /// As above, from bytes that stay with the caller.
    public init(copying bytes: borrowing SecretBytes) throws(SealingError) {
        try self.init(
            SecretBytes(count: bytes.count) { copy in
                for index in bytes.bytes.indices { copy[index] = bytes.bytes[index] }
            })
    }

    /// A new random secret.
    public static func random() throws(SealingError) -> SealedSecret {
        do throws(CryptographyError) {
            return SealedSecret(verified: try Random.secret(count: byteCount))
        } catch { throw .cryptography(error) }
    }

    private init(verified bytes: consuming SecretBytes) { self.bytes = bytes }

    /// The passphrase of the keyslot, 32 bytes.
    public func keyslotPassphrase() throws(SealingError) -> SecretBytes { try derive("keyslot passphrase") }

    /// HMAC-SHA-256 over the canonical header, 32 bytes.
    public func headerMAC(over canonical: [UInt8]) throws(SealingError) -> [UInt8] {
        let key = try derive("header authentication")
        do throws(CryptographyError) {
            return try MessageAuthentication.hmacSHA256(canonical, key: key)
        } catch { throw .cryptography(error) }
    }

    /// HMAC-SHA-256 over the volume key, 32 bytes: names the key without giving it away.
    public func volumeKeyID(of volumeKey: borrowing SecretBytes) throws(SealingError) -> [UInt8] {
        let key = try derive("volume key identity")
        do throws(CryptographyError) {
            return try MessageAuthentication.hmacSHA256(volumeKey.bytes, key: key)
        } catch { throw .cryptography(error) }
    }

    /// The key of the local authority: whoever has the secret may also approve policies.
    public func authorityKey() throws(SealingError) -> SigningKey {
        let seed = try derive("policy authority", count: SigningKey.seedByteCount)
        do throws(CryptographyError) { return try SigningKey.derive(from: seed) } catch { throw .cryptography(error) }
    }

    /// What everything is derived from where there is a second factor: HKDF over the secret and `factor`, 32 bytes each.
    public consuming func combined(with factor: borrowing SecretBytes) throws(SealingError) -> SealedSecret {
        guard factor.count == Self.byteCount else { throw .factorLength(factor.count) }
        let both = SecretBytes(count: 2 * Self.byteCount) { both in
            for index in 0..<Self.byteCount {
                both[index] = bytes.bytes[index]
                both[Self.byteCount + index] = factor.bytes[index]
            }
        }
        do throws(CryptographyError) {
            return SealedSecret(
                verified: try KeyDerivation.hkdfSHA256(both, info: "sealroot v1 second factor", count: Self.byteCount))
        } catch { throw .cryptography(error) }
    }

    private func derive(_ purpose: String, count: Int = 32) throws(SealingError) -> SecretBytes {
        do throws(CryptographyError) {
            return try KeyDerivation.hkdfSHA256(bytes, info: "sealroot v1 " + purpose, count: count)
        } catch { throw .cryptography(error) }
    }
}
