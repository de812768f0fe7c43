public import TPM

/// The certificate of an endorsement key, as the TPM's maker or platform leaves it in NV memory.
///
/// Source: TCG EK Credential Profile 2.5, section 2.2.1.4 (indices of the templates L-1 and L-2).
public struct EndorsementCertificate: Equatable, Sendable {
    private static let indices: [UInt32] = [0x01C0_0002, 0x01C0_000A]
    /// A certificate has about 1 KiB.
    private static let longest = 1 << 13

    /// DER. It vouches for nothing until its chain is checked.
    public let bytes: [UInt8]

    /// - Throws: `.noEndorsementCertificate`, `.endorsementCertificate(.malformed)`, `.tpm`.
    public static func read(_ tpm: borrowing TPM) throws(AttestingError) -> EndorsementCertificate {
        for index in indices {
            do throws(TPMError) {
                guard let der = whole(try tpm.readIndex(at: index, limit: longest)) else { continue }
                return EndorsementCertificate(bytes: der)
            } catch {
                guard error.isMissingHandle else { throw .tpm(error) }
            }
        }
        throw .noEndorsementCertificate
    }

    /// What an index holds up to the end of the certificate: some makers define more room than it takes. Nil where it holds
    /// no certificate.
    static func whole(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 4, bytes[0] == 0x30 else { return nil }
        let count: Int
        switch bytes[1] {
        case 0x82: count = 4 + (Int(bytes[2]) << 8 | Int(bytes[3]))
        case 0x81: count = 3 + Int(bytes[2])
        default: return nil
        }
        return count <= bytes.count ? Array(bytes[..<count]) : nil
    }
}
