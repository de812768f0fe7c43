internal import CTSS2

/// An authority's signature under a policy.
public struct Approval: Equatable, Sendable {
    public let authority: PolicyAuthority
    /// The policy that was approved, 32 bytes.
    public let policyDigest: [UInt8]
    /// ECDSA over SHA-256 of `authority.message(approving: policyDigest)`: r and s, 32 bytes each, big-endian.
    public let signature: [UInt8]

    /// Checks the sizes; the signature is checked by the TPM.
    /// - Throws: `.policySize`, `.signature`.
    public init(authority: PolicyAuthority, policyDigest: [UInt8], signature: [UInt8]) throws(TPMError) {
        guard policyDigest.count == 32 else { throw TPMError(.policyAuthorize, .policySize) }
        guard signature.count == 64 else { throw TPMError(.verifySignature, .signature) }
        self.authority = authority
        self.policyDigest = policyDigest
        self.signature = signature
    }
}

extension TPM {
    /// The TPM's own word that the signature is right, by TPM2_LoadExternal, TPM2_VerifySignature and
    /// TPM2_FlushContext. It holds for every session until the TPM is reset.
    ///
    /// An interposer can spoil it, but not forge it: the ticket is an HMAC under a secret of the TPM.
    func ticket(for approval: Approval, _ esys: OpaquePointer) throws(TPMError) -> TPMT_TK_VERIFIED {
        guard var area = decodePublic(approval.authority.publicArea) else { throw TPMError(.marshal, .authorityKey) }
        var digest = TPM2B_DIGEST()
        let message = approval.authority.message(approving: approval.policyDigest)
        guard store(try sha256(message, .verifySignature), in: &digest),
            var signature = TPMT_SIGNATURE(approval.signature)
        else { throw TPMError(.verifySignature, .signature) }
        var id = ESYS_TR_NONE
        let none = ESYS_TR_NONE
        // In the owner's hierarchy, since a ticket of the null hierarchy is worth nothing.
        try link.check(
            unsafe Esys_LoadExternal(esys, none, none, none, nil, &area, ESYS_TR_RH_OWNER, &id), .loadExternal)
        let key = unsafe try Resource.transient(id, link, esys)
        var reply: UnsafeMutablePointer<TPMT_TK_VERIFIED>?
        defer { unsafe Esys_Free(reply) }
        try link.check(
            unsafe Esys_VerifySignature(esys, key.id, none, none, none, &digest, &signature, &reply), .verifySignature)
        guard let ticket = unsafe reply?.pointee else { throw TPMError(.verifySignature, .reply) }
        return ticket
    }

    /// Replaces the session's policy, where it is the approved one, by the authority's, by TPM2_PolicyAuthorize.
    func authorize(
        _ session: borrowing Resource, by approval: Approval, _ ticket: TPMT_TK_VERIFIED, _ esys: OpaquePointer
    ) throws(TPMError) {
        var (policy, reference, name, ticket) = (TPM2B_DIGEST(), TPM2B_NONCE(), TPM2B_NAME(), ticket)
        guard store(approval.policyDigest, in: &policy), store(approval.authority.reference, in: &reference),
            store(approval.authority.name, in: &name)
        else { throw TPMError(.policyAuthorize, .policySize) }
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_PolicyAuthorize(esys, session.id, none, none, none, &policy, &reference, &name, &ticket),
            .policyAuthorize)
    }
}

extension TPMT_SIGNATURE {
    /// - Parameter bytes: r and s, 32 bytes each.
    fileprivate init?(_ bytes: [UInt8]) {
        self.init()
        var pair = TPMS_SIGNATURE_ECDSA()
        pair.hash = TPM2_ALG_SHA256
        guard store(Array(bytes.prefix(32)), in: &pair.signatureR),
            store(Array(bytes.dropFirst(32)), in: &pair.signatureS)
        else { return nil }
        sigAlg = TPM2_ALG_ECDSA
        unsafe signature.ecdsa = pair
    }
}
