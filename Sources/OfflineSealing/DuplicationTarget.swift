internal import BoundedBytes
public import Cryptography
internal import TPM

/// The public part of a key in a TPM far away, which secrets are sealed to without that TPM.
public struct DuplicationTarget: Equatable, Sendable {
    /// The key itself.
    public enum Key: Equatable, Sendable {
        case ecc(VerifyingKey)
        case rsa(RSAEncryptionKey)
    }

    public let key: Key
    /// TPM2B_PUBLIC in its wire form.
    public let publicArea: [UInt8]
    /// The key needs the endorsement hierarchy's authorisation for each use; otherwise it is a storage root key.
    public let isEndorsementKey: Bool
    /// Length of the AES key that children are wrapped with: 16 or 32 bytes.
    let wrappingKeyByteCount: Int

    /// Reads a TPM2B_PUBLIC as `tpm2_readpublic -o` and `tpm2_createprimary -o` write it, or a PEM public key, which is
    /// taken for the storage root key of the standard template.
    ///
    /// Sources: TCG TPM v2.0 Provisioning Guidance, section 7.5.1; TCG EK Credential Profile, templates L-1 and L-2.
    public init(parsing file: [UInt8]) throws(TargetDefect) {
        guard file.starts(with: Array("-----BEGIN ".utf8)) else {
            try self.init(publicArea: file)
            return
        }
        if let key = VerifyingKey(pem: file) {
            self.init(storageRoot: .ecc(key), .ecc(x: key.x, y: key.y))
        } else if let key = RSAEncryptionKey(pem: file) {
            self.init(storageRoot: .rsa(key), .rsa(key.modulus))
        } else {
            throw .pem
        }
    }

    private init(storageRoot key: Key, _ unique: StorageKey.Unique) {
        self.key = key
        publicArea = StorageKey.publicArea(for: .storageRoot, unique)
        isEndorsementKey = false
        wrappingKeyByteCount = 16
    }

    init(publicArea: [UInt8], purpose: StorageKey.Purpose, wrappingKeyByteCount: Int, key: Key) {
        self.key = key
        self.publicArea = publicArea
        isEndorsementKey = purpose == .endorsement
        self.wrappingKeyByteCount = wrappingKeyByteCount
    }

    /// Where such a key is kept by convention: 0x81000001 and 0x81010001 for RSA, 0x81000002 and 0x81010002 for ECC.
    ///
    /// Source: TCG TPM v2.0 Provisioning Guidance, table 2 (reserved handles), which starts each range; peers.md for ECC.
    public var conventionalHandle: UInt32 {
        let first: UInt32 = isEndorsementKey ? 0x8101_0001 : 0x8100_0001
        switch key {
        case .rsa: return first
        case .ecc: return first + 1
        }
    }
}
