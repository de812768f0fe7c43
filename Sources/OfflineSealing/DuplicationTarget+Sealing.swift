internal import BoundedBytes
internal import Cryptography
public import Secrets
public import TPM

extension DuplicationTarget {
    /// Seals `secret` (1 to 128 bytes) under `policyDigest` (32 bytes) so that only the TPM that holds the target's key
    /// can import it.
    ///
    /// Every call makes another object. Source: TCG TPM 2.0 Library, Part 1, section 23.3.2.3 (outer duplication wrapper).
    public func seal(
        _ secret: borrowing SecretBytes, policyDigest: [UInt8]
    ) throws(OfflineSealingError) -> DuplicationObject {
        guard 1...128 ~= secret.count else { throw .secretSize(secret.count) }
        guard policyDigest.count == 32 else { throw .policySize(policyDigest.count) }
        do throws(CryptographyError) {
            // Hides the secret in `unique`, the hash that binds it to the public area (Part 1, section 27.5, object creation).
            let obfuscation = try Random.secret(count: 32)
            var unique = RunningDigest(.sha256)
            unique.update(obfuscation.bytes)
            unique.update(secret.bytes)
            let publicArea = SealedBlob.publicArea(policyDigest: policyDigest, unique: try unique.finish())
            let name = [0x00, 0x0B] + (try DigestAlgorithm.sha256.hash(publicArea.dropFirst(2)))
            let seed = try ProtectionSeed.make(for: key)
            return DuplicationObject(
                publicArea: publicArea,
                duplicate: try wrap(Self.sensitiveArea(secret, obfuscation), under: seed.bytes, name: name),
                seed: seed.encrypted)
        } catch { throw .cryptography(error) }
    }

    /// TPM2B_PRIVATE: HMAC, and behind it the encrypted sensitive area.
    private func wrap(
        _ sensitive: borrowing SecretBytes, under seed: borrowing SecretBytes, name: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        let cipherKey = try KeyDerivation.kdfA(seed, label: "STORAGE", context: name, count: wrappingKeyByteCount)
        let macKey = try KeyDerivation.kdfA(seed, label: "INTEGRITY", context: [], count: 32)
        let encrypted = try BlockCipher.encryptCFB(sensitive, key: cipherKey)
        var wrapped = ByteWriter()
        wrapped.sized(try MessageAuthentication.hmacSHA256(encrypted + name, key: macKey))
        wrapped.append(encrypted)
        var sized = ByteWriter()
        sized.sized(wrapped.bytes)
        return sized.bytes
    }

    /// TPM2B_SENSITIVE of sealed data without an authorisation value. Source: Part 2, section 12.3.2.4.
    private static func sensitiveArea(
        _ secret: borrowing SecretBytes, _ obfuscation: borrowing SecretBytes
    ) -> SecretBytes {
        var front = ByteWriter()
        front.bigEndian(UInt16(2 + 2 + 2 + obfuscation.count + 2 + secret.count))
        front.bigEndian(PublicArea.Algorithm.keyedHash)
        front.sized([])  // authValue
        front.bigEndian(UInt16(obfuscation.count))
        var size = ByteWriter()
        size.bigEndian(UInt16(secret.count))
        let fields = (front.bytes, size.bytes)
        let count = fields.0.count + obfuscation.count + fields.1.count + secret.count
        return SecretBytes(count: count) { area in
            var next = 0
            func put(_ byte: UInt8) {
                area[next] = byte
                next += 1
            }
            for byte in fields.0 { put(byte) }
            for index in obfuscation.bytes.indices { put(obfuscation.bytes[index]) }
            for byte in fields.1 { put(byte) }
            for index in secret.bytes.indices { put(secret.bytes[index]) }
        }
    }
}
