internal import BoundedBytes
internal import CTSS2

extension TPM {
    /// Reads the storage key under a persistent handle, by TPM2_ReadPublic.
    ///
    /// The reply is not authenticated: compare `name` with the one that was pinned.
    /// - Throws: an error that `isMissingHandle` where nothing is there; `.name`, `.storageKey`.
    public func storageKey(at handle: UInt32) throws(TPMError) -> StorageKey {
        let esys = unsafe try link.ready()
        var id = ESYS_TR_NONE
        let none = ESYS_TR_NONE
        try link.check(unsafe Esys_TR_FromTPMPublic(esys, handle, none, none, none, &id), .fromPublic)
        return try StorageKey(unsafe record(of: Resource(id, link), as: .key, handle: handle, esys))
    }

    /// ESYS's record of what lives under `handle`.
    func record(
        of resource: borrowing Resource, as kind: ResourceRecord.Kind, handle: UInt32, _ esys: OpaquePointer
    ) throws(TPMError) -> ResourceRecord {
        var record: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { unsafe Esys_Free(record) }
        try link.check(unsafe Esys_TR_Serialize(esys, resource.id, &record, &count), .serialize)
        let bytes = unsafe Array(UnsafeBufferPointer(start: record, count: record == nil ? 0 : count))
        return try ResourceRecord(parsing: bytes, as: kind, handle: handle)
    }

    /// Makes the P-256 storage root key of the owner hierarchy and keeps it under `handle`.
    ///
    /// Source: TCG TPM v2.0 Provisioning Guidance, section 7.5.1, after EK Credential Profile template L-2, with an
    /// empty `unique` as systemd has it. The owner authorisation must be empty.
    /// - Throws: an error that `isHandleTaken` where something lives under `handle`.
    public func createStorageKey(at handle: UInt32) throws(TPMError) -> StorageKey {
        let esys = unsafe try link.ready()
        var sensitive = TPM2B_SENSITIVE_CREATE()
        guard var template = decodePublic(StorageKey.template) else { throw TPMError(.marshal, .reply) }
        var outside = TPM2B_DATA()
        var pcrs = TPML_PCR_SELECTION()
        var id = ESYS_TR_NONE
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_CreatePrimary(
                esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, none, none, &sensitive, &template, &outside, &pcrs, &id,
                nil, nil, nil, nil), .createPrimary)
        let primary = unsafe try Resource.transient(id, link, esys)
        var kept = ESYS_TR_NONE
        try link.check(
            unsafe Esys_EvictControl(
                esys, ESYS_TR_RH_OWNER, primary.id, ESYS_TR_PASSWORD, none, none, handle, &kept), .evictControl)
        link.forget(kept)
        return try storageKey(at: handle)
    }

    /// ESYS's resource for what is known already; the TPM is not asked.
    func resource(_ record: ResourceRecord, _ esys: OpaquePointer) throws(TPMError) -> Resource {
        let record = record.bytes
        var id = ESYS_TR_NONE
        try link.check(unsafe Esys_TR_Deserialize(esys, record, record.count, &id), .deserialize)
        return Resource(id, link)
    }
}

extension StorageKey {
    /// TPM2B_PUBLIC of the template.
    fileprivate static var template: [UInt8] {
        let attributes: PublicArea.Attributes = [
            .fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .noDictionaryAttack, .restricted, .decrypt,
        ]
        var area = ByteWriter()
        area.bigEndian(PublicArea.Algorithm.ecc)
        area.bigEndian(PublicArea.Algorithm.sha256)
        area.bigEndian(attributes.rawValue)
        area.sized([])  // authPolicy
        area.bigEndian(PublicArea.Algorithm.aes)
        area.bigEndian(UInt16(128))
        area.bigEndian(PublicArea.Algorithm.cfb)
        area.bigEndian(PublicArea.Algorithm.null)  // scheme
        area.bigEndian(PublicArea.Algorithm.p256)
        area.bigEndian(PublicArea.Algorithm.null)  // kdf
        area.sized([])  // unique.x
        area.sized([])  // unique.y
        var template = ByteWriter()
        template.sized(area.bytes)
        return template.bytes
    }
}
