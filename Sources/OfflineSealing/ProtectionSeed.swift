internal import BoundedBytes
internal import Cryptography
internal import Secrets
internal import TPM

/// What the keys of an outer wrapper are derived from: 32 bytes that only maker and target know.
struct ProtectionSeed: ~Copyable {
    let bytes: SecretBytes
    /// TPM2B_ENCRYPTED_SECRET in its wire form.
    let encrypted: [UInt8]

    private init(_ bytes: consuming SecretBytes, encrypted: [UInt8]) {
        self.bytes = bytes
        var sized = ByteWriter()
        sized.sized(encrypted)
        self.encrypted = sized.bytes
    }

    static func make(for key: DuplicationTarget.Key) throws(CryptographyError) -> ProtectionSeed {
        switch key {
        case .ecc(let point): try agreed(with: point)
        case .rsa(let modulus): try transported(to: modulus)
        }
    }

    /// Source: TCG TPM 2.0 Library, Part 1, section C.6.3 (ECC secret sharing for duplication): an ephemeral point is sent.
    private static func agreed(with receiver: VerifyingKey) throws(CryptographyError) -> ProtectionSeed {
        let agreement = try EphemeralAgreement.make(with: receiver)
        let seed = try KeyDerivation.kdfE(
            agreement.sharedX, label: "DUPLICATE", partyU: agreement.x, partyV: receiver.x, count: 32)
        var point = ByteWriter()
        point.sized(agreement.x)
        point.sized(agreement.y)
        return ProtectionSeed(seed, encrypted: point.bytes)
    }

    /// Source: the same, section B.10.3 (RSA secret sharing for duplication); the label's zero byte belongs to it
    /// (section B.4).
    private static func transported(to receiver: RSAEncryptionKey) throws(CryptographyError) -> ProtectionSeed {
        let seed = try Random.secret(count: 32)
        let encrypted = try receiver.encryptOAEP(seed, label: Array("DUPLICATE\0".utf8))
        return ProtectionSeed(seed, encrypted: encrypted)
    }
}
