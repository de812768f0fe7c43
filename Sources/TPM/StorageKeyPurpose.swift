internal import BoundedBytes

extension StorageKey {
    /// What a standard key is for, and so how its use is authorised.
    package enum Purpose: Sendable {
        /// Storage root key: anybody may use it. TCG TPM v2.0 Provisioning Guidance, section 7.5.1.
        case storageRoot
        /// Endorsement key: whoever knows the endorsement hierarchy's authorisation may use it. TCG EK Credential Profile,
        /// templates L-1 (RSA-2048) and L-2 (P-256).
        case endorsement

        package var attributes: PublicArea.Attributes {
            switch self {
            case .storageRoot:
                [
                    .fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .noDictionaryAttack, .restricted,
                    .decrypt,
                ]
            case .endorsement:
                [.fixedTPM, .fixedParent, .sensitiveDataOrigin, .adminWithPolicy, .restricted, .decrypt]
            }
        }

        /// No bytes, or SHA-256.
        package var authPolicy: [UInt8] {
            switch self {
            case .storageRoot: []
            case .endorsement: Purpose.endorsementPolicy
            }
        }

        /// PolicySecret(TPM_RH_ENDORSEMENT). Source: TCG EK Credential Profile, section B.6.2 (PolicyA).
        private static let endorsementPolicy: [UInt8] = [
            0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7, 0x24, 0xFD, 0x52,
            0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA,
        ]
    }

    /// What tells a key from others of its template.
    package enum Unique: Sendable {
        /// Coordinates of the point, 32 bytes each; none, or zeros, in a template.
        case ecc(x: [UInt8], y: [UInt8])
        /// The modulus, 256 bytes; none, or zeros, in a template.
        case rsa([UInt8])

        fileprivate var algorithm: UInt16 {
            switch self {
            case .ecc: PublicArea.Algorithm.ecc
            case .rsa: PublicArea.Algorithm.rsa
            }
        }
    }

    /// TPM2B_PUBLIC of a standard key: P-256 or RSA-2048, SHA-256, AES-128-CFB.
    package static func publicArea(for purpose: Purpose, _ unique: Unique) -> [UInt8] {
        var area = ByteWriter()
        area.bigEndian(unique.algorithm)
        area.bigEndian(PublicArea.Algorithm.sha256)
        area.bigEndian(purpose.attributes.rawValue)
        area.sized(purpose.authPolicy)
        area.bigEndian(PublicArea.Algorithm.aes)
        area.bigEndian(UInt16(128))
        area.bigEndian(PublicArea.Algorithm.cfb)
        area.bigEndian(PublicArea.Algorithm.null)  // scheme
        switch unique {
        case .ecc(let x, let y):
            area.bigEndian(PublicArea.Algorithm.p256)
            area.bigEndian(PublicArea.Algorithm.null)  // kdf
            area.sized(x)
            area.sized(y)
        case .rsa(let modulus):
            area.bigEndian(UInt16(2048))
            area.bigEndian(UInt32(0))  // exponent: 65537
            area.sized(modulus)
        }
        var sized = ByteWriter()
        sized.sized(area.bytes)
        return sized.bytes
    }
}
