internal import BoundedBytes

extension StorageKey {
    /// What the TPM derives a storage root key from: the same template always leads to the same key of the same TPM.
    ///
    /// Source: TCG TPM v2.0 Provisioning Guidance, section 7.5.1, after EK Credential Profile templates L-1 (RSA-2048) and
    /// L-2 (P-256). AES-128-CFB, SHA-256, no authPolicy.
    public enum Template: Sendable, CaseIterable {
        /// With an empty `unique`, as systemd (src/shared/tpm2-util.c) and tpm2-tools have it.
        case ecc, rsa
        /// With a `unique` of zeros, as the guidance and go-tpm (tpm2/templates.go) have it.
        case eccZeros, rsaZeros

        /// TPM_ALG_ID of the key.
        var algorithm: UInt16 {
            switch self {
            case .ecc, .eccZeros: PublicArea.Algorithm.ecc
            case .rsa, .rsaZeros: PublicArea.Algorithm.rsa
            }
        }

        /// The template as TPM2B_PUBLIC.
        var publicArea: [UInt8] {
            let attributes: PublicArea.Attributes = [
                .fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .noDictionaryAttack, .restricted,
                .decrypt,
            ]
            var area = ByteWriter()
            area.bigEndian(algorithm)
            area.bigEndian(PublicArea.Algorithm.sha256)
            area.bigEndian(attributes.rawValue)
            area.sized([])  // authPolicy
            area.bigEndian(PublicArea.Algorithm.aes)
            area.bigEndian(UInt16(128))
            area.bigEndian(PublicArea.Algorithm.cfb)
            area.bigEndian(PublicArea.Algorithm.null)  // scheme
            switch self {
            case .ecc: writeECC([], to: &area)
            case .eccZeros: writeECC([UInt8](repeating: 0, count: 32), to: &area)
            case .rsa: writeRSA([], to: &area)
            case .rsaZeros: writeRSA([UInt8](repeating: 0, count: 256), to: &area)
            }
            var sized = ByteWriter()
            sized.sized(area.bytes)
            return sized.bytes
        }

        private func writeECC(_ coordinate: [UInt8], to area: inout ByteWriter) {
            area.bigEndian(PublicArea.Algorithm.p256)
            area.bigEndian(PublicArea.Algorithm.null)  // kdf
            area.sized(coordinate)  // unique.x
            area.sized(coordinate)  // unique.y
        }

        private func writeRSA(_ unique: [UInt8], to area: inout ByteWriter) {
            area.bigEndian(UInt16(2048))
            area.bigEndian(UInt32(0))  // exponent: 65537
            area.sized(unique)
        }
    }
}
