internal import BoundedBytes

/// A storage key that lives in the TPM under a persistent handle.
///
/// It is a value: what is salted to it is salted to the public area that was checked here, whatever the TPM or
/// an interposer says about the handle later.
public struct StorageKey: Equatable, Sendable {
    /// TPM handle, 0x81000000 to 0x81FFFFFF.
    public let handle: UInt32
    /// 34 bytes: 0x000B, then SHA-256 over the TPMT_PUBLIC.
    public let name: [UInt8]
    /// TPM2B_PUBLIC in its wire form.
    public let publicArea: [UInt8]
    /// The key lacks noDA: a power cut after its use counts as a failed try, and lockout bars it.
    public let isSubjectToLockout: Bool
    /// TPM_ALG_ID: ECC or RSA.
    let algorithm: UInt16
    /// Whose authorisation its use takes.
    let purpose: Purpose

    /// Computes the name of `publicArea`.
    /// - Throws: `.storageKey` unless it is a restricted P-256 or RSA-2048 key with SHA-256 and AES-CFB that can
    ///   never leave its TPM, and that its empty authorisation or the endorsement hierarchy's lets be used.
    public init(handle: UInt32, publicArea: [UInt8]) throws(TPMError) {
        let parsed: PublicArea
        do throws(ByteError) { parsed = try PublicArea(parsing: publicArea) } catch {
            throw TPMError(.fromPublic, .storageKey)
        }
        let required: PublicArea.Attributes = [.fixedTPM, .fixedParent, .sensitiveDataOrigin, .restricted, .decrypt]
        guard parsed.kind == .storage, parsed.nameAlgorithm == PublicArea.Algorithm.sha256,
            parsed.attributes.isSuperset(of: required), !parsed.attributes.contains(.sign)
        else { throw TPMError(.fromPublic, .storageKey) }
        purpose = parsed.attributes.contains(.userWithAuth) ? .storageRoot : .endorsement
        guard purpose == .storageRoot || parsed.authPolicy == purpose.authPolicy else {
            throw TPMError(.fromPublic, .storageKey)
        }
        self.handle = handle
        self.publicArea = publicArea
        algorithm = parsed.type
        // A policy that asks for no authorisation value cannot fail by one.
        isSubjectToLockout = purpose == .storageRoot && !parsed.attributes.contains(.noDictionaryAttack)
        name = try objectName(publicArea, .fromPublic)
    }

    /// The key from ESYS's record of it, where that record's name is the right one.
    ///
    /// ESYS itself does not compare the two (found in tpm2-tss 3.2.1 and 4.1): with the real name beside a public
    /// area of his own, an interposer would have the session's salt.
    init(_ record: ResourceRecord) throws(TPMError) {
        try self.init(handle: record.handle, publicArea: record.publicArea)
        guard record.name == name else { throw TPMError(.fromPublic, .name) }
    }

    /// The key as ESYS's own record.
    var record: ResourceRecord { ResourceRecord(.key, handle: handle, name: name, publicArea: publicArea) }
}
