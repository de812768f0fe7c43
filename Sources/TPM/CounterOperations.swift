internal import CTSS2

// What an owner does with a revocation counter. The owner authorisation must be empty.
extension TPM {
    /// The first handle in `range` that no NV index has, by TPM2_GetCapability; nil where all are taken.
    ///
    /// - Parameter range: a part of `RevocationCounter.handles`.
    public func firstFreeHandle(in range: ClosedRange<UInt32>) throws(TPMError) -> UInt32? {
        let taken = try handles(in: range)
        return range.first { !taken.contains($0) }
    }

    /// Makes the counter, by TPM2_NV_DefineSpace. It has no value before its first step, which takes it above every
    /// counter that this TPM ever had.
    /// - Throws: an error that `isHandleTaken`.
    public func defineCounter(_ counter: RevocationCounter) throws(TPMError) {
        let esys = unsafe try link.ready()
        guard var info = decodeIndexPublic(counter.publicInfo) else { throw TPMError(.marshal, .reply) }
        var empty = TPM2B_AUTH()
        var id = ESYS_TR_NONE
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_NV_DefineSpace(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, none, none, &empty, &info, &id),
            .defineSpace)
        link.forget(id)
    }

    /// Steps the counter by one, by TPM2_NV_Increment in a policy session.
    ///
    /// - Parameters:
    ///   - value: what it is now; nil where it was never stepped.
    ///   - signature: the authority's, under `counter.authority.message(approving: PolicyDigest.step(…))`: r and s, 32
    ///     bytes each, big-endian.
    ///   - key: what the session is salted to, so that the transport can neither swallow the step nor forge the result.
    /// - Returns: what it is then.
    /// - Throws: an error that `isUnapproved`, `isMissingCounter` or `isForeignCounter`; `isRevoked` where it was not
    ///   `value`; `isStepped` where it was stepped before, and `value` is nil.
    public func stepCounter(
        _ counter: RevocationCounter, from value: UInt64?, signature: [UInt8], under key: StorageKey?
    ) throws(TPMError) -> UInt64 {
        let approval = try Approval(
            authority: counter.authority, policyDigest: PolicyDigest.step(of: counter, from: value),
            signature: signature)
        // Authorising another index could count as a failed try.
        if case .foreign = try counterState(of: counter) { throw TPMError(.increment, .foreignCounter) }
        let esys = unsafe try link.ready()
        let ticket = unsafe try ticket(for: approval, esys)
        unsafe try step(counter, from: value, approval, ticket, key, esys)
        return unsafe try self.value(of: counter, under: key, esys)
    }

    private func step(
        _ counter: RevocationCounter, from value: UInt64?, _ approval: Approval, _ ticket: TPMT_TK_VERIFIED,
        _ key: StorageKey?, _ esys: OpaquePointer
    ) throws(TPMError) {
        var session = unsafe try startSession(TPM2_SE_POLICY, saltedTo: key, esys)
        let none = ESYS_TR_NONE
        if let value {
            unsafe try compare(counter, .equal, value, in: session, esys)
        } else {
            let no: TPMI_YES_NO = 0
            try link.check(unsafe Esys_PolicyNvWritten(esys, session.id, none, none, none, no), .policyNVWritten)
        }
        let code = ResponseFrame.Command.increment
        try link.check(unsafe Esys_PolicyCommandCode(esys, session.id, none, none, none, code), .policyCommandCode)
        unsafe try authorize(session, by: approval, ticket, esys)
        let index = unsafe try resource(counter.record(isWritten: value != nil), esys)
        unsafe try set(session, [], esys)
        try link.check(unsafe Esys_NV_Increment(esys, index.id, index.id, session.id, none, none), .increment)
        session.expire()
    }

    /// Removes the counter, by TPM2_NV_UndefineSpace: no policy that binds it holds any more, and none ever will.
    /// - Throws: an error that `isMissingCounter`, or `isForeignCounter` where another index has its handle.
    public func undefineCounter(_ counter: RevocationCounter) throws(TPMError) {
        let state = try counterState(of: counter)
        if case .foreign = state { throw TPMError(.undefineSpace, .foreignCounter) }
        let esys = unsafe try link.ready()
        let index = unsafe try resource(counter.record(isWritten: state != .unwritten), esys)
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_NV_UndefineSpace(esys, ESYS_TR_RH_OWNER, index.id, ESYS_TR_PASSWORD, none, none),
            .undefineSpace)
    }
}
