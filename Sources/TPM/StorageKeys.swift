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

    /// Makes a standard key, by default the storage root key, and keeps it under `handle`, by TPM2_CreatePrimary and
    /// TPM2_EvictControl. The authorisations of the owner hierarchy and of the key's own must be empty.
    /// - Throws: an error that `isHandleTaken` where something lives under `handle`.
    public func createStorageKey(
        at handle: UInt32, template: StorageKey.Template = .ecc
    ) throws(TPMError) -> StorageKey {
        let esys = unsafe try link.ready()
        let primary = unsafe try primary(template, at: handle, esys)
        return unsafe try keep(primary, esys)
    }

    /// Makes `key` again in a TPM that lacks it, and keeps it under its handle; nil where no template leads to it: it is
    /// another TPM's, or has been made otherwise.
    /// - Throws: an error that `isHandleTaken` where something lives under the handle.
    public func recreateStorageKey(_ key: StorageKey) throws(TPMError) -> StorageKey? {
        let esys = unsafe try link.ready()
        for template in StorageKey.Template.allCases
        where template.algorithm == key.algorithm && template.purpose == key.purpose {
            let primary = unsafe try primary(template, at: key.handle, esys)
            if primary.key == key { return unsafe try keep(primary, esys) }
        }
        return nil
    }

    private func primary(
        _ template: StorageKey.Template, at handle: UInt32, _ esys: OpaquePointer
    ) throws(TPMError) -> Primary {
        let made = unsafe try primary(template.publicArea, in: template.purpose.hierarchy, esys)
        return Primary(resource: made.resource, key: try StorageKey(handle: handle, publicArea: made.publicArea))
    }

    /// A primary key, by TPM2_CreatePrimary. The hierarchy's authorisation must be empty.
    func primary(
        _ template: [UInt8], in hierarchy: ESYS_TR, _ esys: OpaquePointer
    ) throws(TPMError) -> PrimaryObject {
        var sensitive = TPM2B_SENSITIVE_CREATE()
        guard var area = decodePublic(template) else { throw TPMError(.marshal, .reply) }
        var outside = TPM2B_DATA()
        var pcrs = TPML_PCR_SELECTION()
        var id = ESYS_TR_NONE
        var reply: UnsafeMutablePointer<TPM2B_PUBLIC>?
        defer { unsafe Esys_Free(reply) }
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_CreatePrimary(
                esys, hierarchy, ESYS_TR_PASSWORD, none, none, &sensitive, &area, &outside, &pcrs, &id,
                &reply, nil, nil, nil), .createPrimary)
        let resource = unsafe try Resource.transient(id, link, esys)
        guard let reply = unsafe reply else { throw TPMError(.createPrimary, .reply) }
        return PrimaryObject(resource: resource, publicArea: unsafe try encode(reply))
    }

    private func keep(_ primary: borrowing Primary, _ esys: OpaquePointer) throws(TPMError) -> StorageKey {
        var kept = ESYS_TR_NONE
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_EvictControl(
                esys, ESYS_TR_RH_OWNER, primary.resource.id, ESYS_TR_PASSWORD, none, none, primary.key.handle, &kept),
            .evictControl)
        link.forget(kept)
        return try storageKey(at: primary.key.handle)
    }

    /// ESYS's resource for what is known already; the TPM is not asked.
    func resource(_ record: ResourceRecord, _ esys: OpaquePointer) throws(TPMError) -> Resource {
        let record = record.bytes
        var id = ESYS_TR_NONE
        try link.check(unsafe Esys_TR_Deserialize(esys, record, record.count, &id), .deserialize)
        return Resource(id, link)
    }
}

/// What TPM2_CreatePrimary has made, as long as this lives.
struct PrimaryObject: ~Copyable {
    let resource: Resource
    /// TPM2B_PUBLIC in its wire form.
    let publicArea: [UInt8]
}

/// A storage root key in the TPM, not kept yet.
private struct Primary: ~Copyable {
    let resource: Resource
    let key: StorageKey
}
