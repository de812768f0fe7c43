internal import BoundedBytes

/// The endorsement keys of the vTPM. They are not persistent: whoever wants one makes it from its template, which gives
/// the same key for the whole life of the TPM. coconut-svsm does so, too (kernel/src/vtpm/tcgtpm).
///
/// Source: TCG EK Credential Profile for TPM Family 2.0, version 2.5, section B.3.3 (L-1) and B.3.4 (L-2).
public enum EndorsementKey: String, CaseIterable, Sendable {
    /// L-1: RSA-2048. It is what the manifest of the SVSM's service shows.
    case rsa
    /// L-2: P-256.
    case ecc

    /// TPM2_PolicySecret of the endorsement hierarchy, SHA-256.
    private static let authPolicy: [UInt8] = [
        0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7, 0x24, 0xFD, 0x52,
        0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA,
    ]

    /// TPMT_PUBLIC of the template. A public area has the key where this has zeros.
    var template: [UInt8] {
        var area = ByteWriter()
        area.bigEndian(UInt16(self == .rsa ? 0x0001 : 0x0023))
        area.bigEndian(UInt16(0x000B))  // nameAlg: SHA-256
        // fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt
        area.bigEndian(UInt32(0x0003_00B2))
        area.sized(Self.authPolicy)
        for symmetric: UInt16 in [0x0006, 128, 0x0043] { area.bigEndian(symmetric) }  // AES-128-CFB
        area.bigEndian(UInt16(0x0010))  // no scheme
        switch self {
        case .rsa:
            area.bigEndian(UInt16(2048))
            area.bigEndian(UInt32(0))  // exponent 65537
            area.sized([UInt8](repeating: 0, count: 256))
        case .ecc:
            area.bigEndian(UInt16(0x0003))  // TPM_ECC_NIST_P256
            area.bigEndian(UInt16(0x0010))  // no KDF
            area.sized([UInt8](repeating: 0, count: 32))
            area.sized([UInt8](repeating: 0, count: 32))
        }
        return area.bytes
    }

    /// Makes the key in `tpm` and returns its TPMT_PUBLIC.
    func make(in tpm: VirtualTPM) throws(SVSMError) -> [UInt8] {
        let object = try PrimaryObject.make(.endorsement, template: template, in: tpm)
        try object.flush(from: tpm)
        return object.publicArea
    }
}

/// A primary object that is loaded, as TPM2_CreatePrimary returned it.
struct PrimaryObject {
    let handle: UInt32
    /// TPMT_PUBLIC.
    let publicArea: [UInt8]

    static func make(
        _ hierarchy: TPMCommand.Hierarchy, template: [UInt8], in tpm: VirtualTPM
    ) throws(SVSMError) -> PrimaryObject {
        let answer = try tpm.perform("TPM2_CreatePrimary", TPMCommand.createPrimary(hierarchy, template: template))
        var reader = ByteReader(answer.span)
        do throws(ByteError) {
            let handle: UInt32 = try reader.bigEndian()
            try reader.skip(4)  // size of the parameters
            return PrimaryObject(handle: handle, publicArea: try reader.sized())
        } catch { throw .frame("TPM2_CreatePrimary: " + error.description) }
    }

    func flush(from tpm: VirtualTPM) throws(SVSMError) {
        _ = try tpm.perform("TPM2_FlushContext", TPMCommand.flush(handle))
    }
}
