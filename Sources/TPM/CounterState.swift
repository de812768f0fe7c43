internal import BoundedBytes
internal import CTSS2

/// What lives under a counter's handle.
public enum CounterState: Equatable, Sendable {
    case missing
    /// Another NV index, with the name that the TPM gives it.
    case foreign(name: [UInt8])
    /// The counter, never stepped since it was defined; no policy holds.
    case unwritten
    case value(UInt64)
}

extension TPM {
    /// Looks at the counter, by TPM2_NV_ReadPublic and TPM2_NV_Read.
    ///
    /// Without a key the transport can forge all of it. With one, the value comes over a session that is salted to it,
    /// and is that of this counter and no other; that there is none can still be a lie.
    /// - Throws: an error that `isForeignCounter` where the TPM does not bear out what the transport said.
    public func counterState(
        of counter: RevocationCounter, under key: StorageKey? = nil
    ) throws(TPMError) -> CounterState {
        let esys = unsafe try link.ready()
        let found: ResourceRecord
        do throws(TPMError) { found = unsafe try indexRecord(at: counter.handle, esys) } catch {
            guard error.isMissingHandle else { throw error }
            return .missing
        }
        if found == counter.record(isWritten: false) { return .unwritten }
        guard found == counter.record(isWritten: true) else { return .foreign(name: found.name) }
        return .value(unsafe try value(of: counter, under: key, esys))
    }

    /// What is at the handle, as the transport says.
    private func indexRecord(at handle: UInt32, _ esys: OpaquePointer) throws(TPMError) -> ResourceRecord {
        var id = ESYS_TR_NONE
        let none = ESYS_TR_NONE
        try link.check(unsafe Esys_TR_FromTPMPublic(esys, handle, none, none, none, &id), .fromPublic)
        return unsafe try record(of: Resource(id, link), as: .index, handle: handle, esys)
    }

    /// TPM2_NV_Read over a session of its own with `key`, or with the empty password.
    func value(
        of counter: RevocationCounter, under key: StorageKey?, _ esys: OpaquePointer
    ) throws(TPMError) -> UInt64 {
        let index = unsafe try resource(counter.record(isWritten: true), esys)
        guard let key else { return unsafe try value(of: index, ESYS_TR_PASSWORD, esys) }
        // The session authorises the command by the name that we computed, and authenticates the reply.
        var session = unsafe try startSession(TPM2_SE_HMAC, saltedTo: key, esys)
        unsafe try set(session, [], esys)
        let value = unsafe try value(of: index, session.id, esys)
        session.expire()
        return value
    }

    private func value(
        of index: borrowing Resource, _ session: ESYS_TR, _ esys: OpaquePointer
    ) throws(TPMError) -> UInt64 {
        var reply: UnsafeMutablePointer<TPM2B_MAX_NV_BUFFER>?
        defer { unsafe Esys_Free(reply) }
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_NV_Read(esys, index.id, index.id, session, none, none, 8, 0, &reply), .readIndex)
        guard let reply = unsafe reply, let bytes = unsafe contents(reply), bytes.count == 8 else {
            throw TPMError(.readIndex, .reply)
        }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Compares the counter with `value` in a policy session, by TPM2_PolicyNV.
    func compare(
        _ counter: RevocationCounter, _ comparison: PolicyDigest.Comparison, _ value: UInt64,
        in session: borrowing Resource, _ esys: OpaquePointer
    ) throws(TPMError) {
        let index = unsafe try resource(counter.record(isWritten: true), esys)
        var operand = TPM2B_OPERAND()
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }
        guard store(bytes, in: &operand) else { throw TPMError(.policyNV, .reply) }
        let none = ESYS_TR_NONE
        // Its own empty authorisation lets everybody read it.
        try link.check(
            unsafe Esys_PolicyNV(
                esys, index.id, index.id, session.id, ESYS_TR_PASSWORD, none, none, &operand, 0,
                comparison.rawValue), .policyNV)
    }
}
