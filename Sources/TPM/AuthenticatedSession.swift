internal import CTSS2

/// A session salted to a storage key, for questions whose answers nobody on the way may change.
///
/// The TPM keeps one of its few session places for it until it is used up or let go. A class, since it is handed from one
/// step of a boot to another: Embedded Swift cannot keep a noncopyable value of another module in an optional.
public final class AuthenticatedSession {
    private(set) var resource: Resource

    fileprivate init(_ resource: consuming Resource) { self.resource = resource }

    /// The TPM has ended it by itself.
    func expire() { resource.expire() }
}

extension TPM {
    /// Starts a session whose key only the TPM that holds `key` can know, by one TPM2_StartAuthSession.
    public func startSession(saltedTo key: StorageKey) throws(TPMError) -> AuthenticatedSession {
        let esys = unsafe try link.ready()
        return AuthenticatedSession(unsafe try startSession(TPM2_SE_HMAC, saltedTo: key, esys))
    }

    /// As `readPCRs` without a session; but the session audits the command, so the answer is the TPM's or refused.
    ///
    /// Source: TPM 2.0 Library, part 1, section 19.6.8 (audit sessions): TPM2_PCR_Read takes no authorisation and has no
    /// parameter that could be encrypted, so an audit session is what authenticates it.
    public func readPCRs(
        _ selection: PCRSelection, over session: AuthenticatedSession
    ) throws(TPMError) -> [PCRValue] {
        let esys = unsafe try ready(for: session, .readPCRs)
        unsafe try set(session.resource, [TPMA_SESSION_AUDIT, TPMA_SESSION_CONTINUESESSION], esys)
        return unsafe try readPCRs(selection, session.resource.id, esys)
    }

    /// ESYS, where it still knows the session.
    func ready(
        for session: AuthenticatedSession, _ call: TPMError.Call
    ) throws(TPMError) -> OpaquePointer {
        let esys = unsafe try link.ready()
        guard session.resource.isCurrent else { throw TPMError(call, .sessionLost) }
        return unsafe esys
    }
}
