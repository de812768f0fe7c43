internal import CLinux
internal import CTSS2
public import Secrets

extension TPM {
    /// Opens `blob`, where PCRs and counter are as its policy, or one that its authority approved, wants them.
    ///
    /// One policy session, salted to `parent`: only the TPM that holds `parent` can take part in it, the secret
    /// travels encrypted, and a reply that is not the TPM's is refused.
    /// - Throws: an error that `isPolicyFailure`, `isRevoked`, `isMissingCounter`, `isForeignCounter`, `isUnapproved`,
    ///   `isForeignObject`, `isLockout` or `isRetry`; `isPCRChange` where PCRs were extended during every one of eight
    ///   attempts.
    public func unseal(
        _ blob: SealedBlob, policy: UnsealPolicy, under parent: StorageKey
    ) throws(TPMError) -> SecretBytes {
        var (area, wrapped) = try blob.decoded()
        let esys = unsafe try link.ready()
        let key = unsafe try resource(parent.record, esys)
        var id = ESYS_TR_NONE
        try unsafe authorizing(parent, esys) { (session) throws(TPMError) in
            let none = ESYS_TR_NONE
            try link.check(unsafe Esys_Load(esys, key.id, session, none, none, &wrapped, &area, &id), .load)
        }
        let object = unsafe try Resource.transient(id, link, esys)
        let ticket: TPMT_TK_VERIFIED? =
            if let approval = policy.approval { unsafe try self.ticket(for: approval, esys) } else { nil }
        // The kernel extends PCR 10 whenever it likes, which ends a policy session that names any PCR.
        for _ in 1..<8 {
            do throws(TPMError) { return unsafe try unseal(object, policy, ticket, parent, esys) } catch {
                guard error.isPCRChange else { throw error }
            }
        }
        return unsafe try unseal(object, policy, ticket, parent, esys)
    }

    private func unseal(
        _ object: borrowing Resource, _ policy: UnsealPolicy, _ ticket: TPMT_TK_VERIFIED?, _ parent: StorageKey,
        _ esys: OpaquePointer
    ) throws(TPMError) -> SecretBytes {
        var session = unsafe try startSession(TPM2_SE_POLICY, saltedTo: parent, esys)
        let none = ESYS_TR_NONE
        var pcrs = policy.pcrs.list
        // Without a digest of ours the TPM takes the PCRs as they are.
        var current = TPM2B_DIGEST()
        try link.check(unsafe Esys_PolicyPCR(esys, session.id, none, none, none, &current, &pcrs), .policyPCR)
        if let bound = policy.counter {
            unsafe try compare(bound.counter, .unsignedLessOrEqual, bound.limit, in: session, esys)
        }
        if let approval = policy.approval, let ticket { unsafe try authorize(session, by: approval, ticket, esys) }
        unsafe try set(session, ParameterEncryption.ofResponses, esys)
        var reply: UnsafeMutablePointer<TPM2B_SENSITIVE_DATA>?
        defer {
            if let reply = unsafe reply { unsafe explicit_bzero(reply, MemoryLayout<TPM2B_SENSITIVE_DATA>.size) }
            unsafe Esys_Free(reply)
            // TSS and libcrypto leave copies of what they decrypt on the stack (seen in tpm2-tss 3.2.1).
            shim_wipe_stack()
        }
        try link.check(unsafe Esys_Unseal(esys, object.id, session.id, none, none, &reply), .unseal)
        session.expire()
        unsafe wipeResponse(esys)
        guard let reply = unsafe reply else { throw TPMError(.unseal, .reply) }
        let count = Int(unsafe reply.pointee.size)
        return try SecretBytes(count: count) { (secret: inout MutableSpan<UInt8>) throws(TPMError) in
            let isComplete = unsafe withUnsafeBytes(of: &reply.pointee.buffer) { buffer in
                guard count <= buffer.count else { return false }
                for index in 0..<count { secret[index] = unsafe buffer[index] }
                return true
            }
            guard isComplete else { throw TPMError(.unseal, .reply) }
        }
    }

    /// Wipes the response in ESYS's own buffer, where it was decrypted in place. Only after a success: then the
    /// size, which comes from the wire, is authentic.
    private func wipeResponse(_ esys: OpaquePointer) {
        var sys: OpaquePointer?
        guard unsafe Esys_GetSysContext(esys, &sys) == TSS2_RC_SUCCESS else { return }
        var count = 0
        var start: UnsafePointer<UInt8>?
        guard unsafe Tss2_Sys_GetRpBuffer(sys, &count, &start) == TSS2_RC_SUCCESS, let start = unsafe start else {
            return
        }
        unsafe explicit_bzero(UnsafeMutableRawPointer(mutating: start), count)
    }
}
