internal import CTSS2

extension StorageKey.Purpose {
    /// The primary seed that such a key comes from.
    var hierarchy: ESYS_TR {
        switch self {
        case .storageRoot: ESYS_TR_RH_OWNER
        case .endorsement: ESYS_TR_RH_ENDORSEMENT
        }
    }
}

extension TPM {
    /// Runs one command that uses `parent`, and gives it what authorises that use: the empty authorisation, or a policy
    /// session with PolicySecret(TPM_RH_ENDORSEMENT), whose authorisation must be empty, too.
    ///
    /// The session is not salted, since nothing that these commands carry is secret, and the TPM checks their input.
    func authorizing<Value>(
        _ parent: StorageKey, _ esys: OpaquePointer, _ command: (ESYS_TR) throws(TPMError) -> Value
    ) throws(TPMError) -> Value {
        if parent.purpose == .storageRoot { return try command(ESYS_TR_PASSWORD) }
        var session = unsafe try startSession(TPM2_SE_POLICY, saltedTo: nil, esys)
        unsafe try permitEndorsementKey(session, esys)
        unsafe try set(session, [], esys)
        let value = try command(session.id)
        session.expire()
        return value
    }

    /// Starts a session that authorises one use of `parent` and is salted to it, or to another key of its TPM.
    func startAuthorization(
        of parent: StorageKey, saltedTo key: StorageKey? = nil, _ esys: OpaquePointer
    ) throws(TPMError) -> Resource {
        let key = key ?? parent
        switch parent.purpose {
        case .storageRoot: return unsafe try startSession(TPM2_SE_HMAC, saltedTo: key, esys)
        case .endorsement:
            let session = unsafe try startSession(TPM2_SE_POLICY, saltedTo: key, esys)
            unsafe try permitEndorsementKey(session, esys)
            return session
        }
    }

    /// Brings a policy session to the policy of endorsement keys, by TPM2_PolicySecret.
    private func permitEndorsementKey(_ session: borrowing Resource, _ esys: OpaquePointer) throws(TPMError) {
        var (nonce, parameters, reference) = (TPM2B_NONCE(), TPM2B_DIGEST(), TPM2B_NONCE())
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_PolicySecret(
                esys, ESYS_TR_RH_ENDORSEMENT, session.id, ESYS_TR_PASSWORD, none, none, &nonce, &parameters, &reference,
                0, nil, nil), .policySecret)
    }
}
