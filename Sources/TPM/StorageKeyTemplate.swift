extension StorageKey {
    /// What the TPM derives a standard key from: the same template always leads to the same key of the same TPM.
    ///
    /// Source: TCG TPM v2.0 Provisioning Guidance, section 7.5.1, after EK Credential Profile templates L-1 (RSA-2048) and
    /// L-2 (P-256). AES-128-CFB, SHA-256.
    public enum Template: Sendable, CaseIterable {
        /// Storage root key with an empty `unique`, as systemd (src/shared/tpm2-util.c) and tpm2-tools have it.
        case ecc, rsa
        /// Storage root key with a `unique` of zeros, as the guidance and go-tpm (tpm2/templates.go) have it.
        case eccZeros, rsaZeros
        /// Endorsement key, with a `unique` of zeros, as the profile has it.
        case endorsementECC, endorsementRSA

        /// TPM_ALG_ID of the key.
        var algorithm: UInt16 {
            switch self {
            case .ecc, .eccZeros, .endorsementECC: PublicArea.Algorithm.ecc
            case .rsa, .rsaZeros, .endorsementRSA: PublicArea.Algorithm.rsa
            }
        }

        var purpose: Purpose {
            switch self {
            case .ecc, .eccZeros, .rsa, .rsaZeros: .storageRoot
            case .endorsementECC, .endorsementRSA: .endorsement
            }
        }

        /// The template as TPM2B_PUBLIC.
        var publicArea: [UInt8] { StorageKey.publicArea(for: purpose, unique) }

        private var unique: Unique {
            switch self {
            case .ecc: .ecc(x: [], y: [])
            case .rsa: .rsa([])
            case .eccZeros, .endorsementECC:
                .ecc(x: [UInt8](repeating: 0, count: 32), y: [UInt8](repeating: 0, count: 32))
            case .rsaZeros, .endorsementRSA: .rsa([UInt8](repeating: 0, count: 256))
            }
        }
    }
}
