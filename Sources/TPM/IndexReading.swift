internal import BoundedBytes
internal import CTSS2

extension TPM {
    /// All that an NV index holds, by TPM2_NV_ReadPublic, TPM2_GetCapability and as many TPM2_NV_Read as its size takes.
    ///
    /// Nothing authenticates it: what is in it must prove itself.
    /// - Parameter limit: the most bytes that the caller has a use for.
    /// - Throws: an error that `isMissingHandle`; `.indexSize`, `.indexAttributes`.
    public func readIndex(at handle: UInt32, limit: Int) throws(TPMError) -> [UInt8] {
        let esys = unsafe try link.ready()
        var id = ESYS_TR_NONE
        let none = ESYS_TR_NONE
        try link.check(unsafe Esys_TR_FromTPMPublic(esys, handle, none, none, none, &id), .fromPublic)
        let index = Resource(id, link)
        let area = try IndexArea(parsing: unsafe record(of: index, as: .index, handle: handle, esys).publicArea)
        guard Int(area.byteCount) <= limit else { throw TPMError(.readIndex, .indexSize) }
        let authorizing: ESYS_TR
        switch area.attributes {
        case let some where some & IndexArea.authRead != 0: authorizing = index.id
        case let some where some & IndexArea.ownerRead != 0: authorizing = ESYS_TR_RH_OWNER
        default: throw TPMError(.readIndex, .indexAttributes)
        }
        let most = unsafe try longestRead(esys)
        var bytes: [UInt8] = []
        while bytes.count < area.byteCount {
            let count = min(most, area.byteCount - UInt16(bytes.count))
            var reply: UnsafeMutablePointer<TPM2B_MAX_NV_BUFFER>?
            defer { unsafe Esys_Free(reply) }
            try link.check(
                unsafe Esys_NV_Read(
                    esys, authorizing, index.id, ESYS_TR_PASSWORD, none, none, count, UInt16(bytes.count), &reply),
                .readIndex)
            guard let reply = unsafe reply, let some = unsafe contents(reply), some.count == Int(count) else {
                throw TPMError(.readIndex, .reply)
            }
            bytes += some
        }
        return bytes
    }

    /// What one TPM2_NV_Read returns at most: TPM_PT_NV_BUFFER_MAX, within what our buffers take.
    private func longestRead(_ esys: OpaquePointer) throws(TPMError) -> UInt16 {
        let property = shim_TPM2_PT_NV_BUFFER_MAX
        let answer = unsafe try capability(TPM2_CAP_TPM_PROPERTIES, from: property, count: 1, esys)
        var list = unsafe answer.data.tpmProperties
        let first = unsafe withUnsafeBytes(of: &list.tpmProperty) {
            unsafe $0.bindMemory(to: TPMS_TAGGED_PROPERTY.self).first
        }
        guard list.count >= 1, let first, first.property == property, first.value >= 1 else {
            throw TPMError(.capability, .properties)
        }
        return UInt16(min(first.value, 1024))
    }
}

/// What counts of a TPM2B_NV_PUBLIC. Source: TCG TPM 2.0 Library, Part 2, sections 13.4 and 13.5.
private struct IndexArea {
    static let ownerRead: UInt32 = 1 << 17
    static let authRead: UInt32 = 1 << 18

    let attributes: UInt32
    let byteCount: UInt16

    init(parsing bytes: [UInt8]) throws(TPMError) {
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            try reader.skip(2 + 4 + 2)  // size, handle, name algorithm
            attributes = try reader.bigEndian()
            _ = try reader.sized()  // policy
            byteCount = try reader.bigEndian()
            try reader.finish()
        } catch { throw TPMError(.fromPublic, .reply) }
    }
}
