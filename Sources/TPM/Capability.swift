internal import CTSS2

extension TPM {
    /// One answer to TPM2_GetCapability.
    /// - Throws: `.properties` where it is about something else.
    func capability(
        _ capability: TPM2_CAP, from first: UInt32, count: UInt32, _ esys: OpaquePointer
    ) throws(TPMError) -> (data: TPMU_CAPABILITIES, isMore: Bool) {
        var isMore: UInt8 = 0
        var reply: UnsafeMutablePointer<TPMS_CAPABILITY_DATA>?
        defer { unsafe Esys_Free(reply) }
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_GetCapability(esys, none, none, none, capability, first, count, &isMore, &reply), .capability)
        guard let reply = unsafe reply, unsafe reply.pointee.capability == capability else {
            throw TPMError(.capability, .properties)
        }
        return unsafe (reply.pointee.data, isMore != 0)
    }

    /// The handles in `range` that something lives under, ascending.
    /// - Throws: `.properties` where the TPM answers with others or does not come to an end.
    func handles(in range: ClosedRange<UInt32>) throws(TPMError) -> [UInt32] {
        let esys = unsafe try link.ready()
        var found: [UInt32] = []
        var next = range.lowerBound
        while true {
            let answer = unsafe try capability(TPM2_CAP_HANDLES, from: next, count: 64, esys)
            var list = unsafe answer.data.handles
            let some = unsafe withUnsafeBytes(of: &list.handle) {
                unsafe Array($0.bindMemory(to: TPM2_HANDLE.self).prefix(Int(list.count)))
            }
            // The list goes on to the end of its kind of handle.
            for handle in some {
                guard handle >= next else { throw TPMError(.capability, .properties) }
                guard handle <= range.upperBound else { return found }
                found.append(handle)
                guard handle < range.upperBound else { return found }
                next = handle + 1
            }
            guard answer.isMore else { return found }
            guard !some.isEmpty else { throw TPMError(.capability, .properties) }
        }
    }
}
