internal import BoundedBytes
internal import CLinux
internal import CTSS2
public import Secrets

extension TPM {
    /// Seals 1 to 128 bytes so that only this TPM opens them, and only where a policy session reaches
    /// `policyDigest` (32 bytes).
    ///
    /// The secret goes to the TPM encrypted, over a session salted to `parent`; the same session authenticates
    /// the reply.
    public func seal(
        _ secret: borrowing SecretBytes, policyDigest: [UInt8], under parent: StorageKey
    ) throws(TPMError) -> SealedBlob {
        guard 1...128 ~= secret.count else { throw TPMError(.create, .secretSize) }
        guard policyDigest.count == 32 else { throw TPMError(.create, .policySize) }
        guard var template = decodePublic(SealedBlob.template(policyDigest: policyDigest)) else {
            throw TPMError(.marshal, .blob)
        }
        let esys = unsafe try link.ready()
        let key = unsafe try resource(parent.record, esys)
        var session = unsafe try startAuthorization(of: parent, esys)
        unsafe try set(session, [TPMA_SESSION_DECRYPT], esys)

        let sensitive = SensitiveInput(holding: secret)
        // ESYS keeps a copy of what it was given until the next call.
        defer {
            unsafe sensitive.displace(from: esys)
            shim_wipe_stack()
        }
        var outside = TPM2B_DATA()
        var pcrs = TPML_PCR_SELECTION()
        var wrapped: UnsafeMutablePointer<TPM2B_PRIVATE>?
        var area: UnsafeMutablePointer<TPM2B_PUBLIC>?
        defer {
            unsafe Esys_Free(wrapped)
            unsafe Esys_Free(area)
        }
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_Create(
                esys, key.id, session.id, none, none, sensitive.pointer, &template, &outside, &pcrs, &wrapped, &area,
                nil, nil, nil), .create)
        session.expire()
        guard let wrapped = unsafe wrapped, let area = unsafe area, let content = unsafe contents(wrapped) else {
            throw TPMError(.create, .reply)
        }
        var privateArea = ByteWriter()
        privateArea.sized(content)
        return SealedBlob(publicArea: unsafe try encode(area), privateArea: privateArea.bytes)
    }
}

/// A TPM2B_SENSITIVE_CREATE with the secret in it, wiped when it goes away.
@safe private struct SensitiveInput: ~Copyable {
    let pointer: UnsafeMutablePointer<TPM2B_SENSITIVE_CREATE>

    init(holding secret: borrowing SecretBytes) {
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: TPM2B_SENSITIVE_CREATE())
        unsafe pointer.pointee.sensitive.data.size = UInt16(secret.count)
        unsafe withUnsafeMutableBytes(of: &pointer.pointee.sensitive.data.buffer) { target in
            unsafe secret.bytes.withUnsafeBufferPointer { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target.prefix(source.count)).copyBytes(from: source)
            }
        }
    }

    /// Writes zeros over ESYS's copy: ESYS stores the input before it finds that there is no such parent, and
    /// sends nothing.
    func displace(from esys: OpaquePointer) {
        var zeros = TPM2B_SENSITIVE_CREATE()
        var template = TPM2B_PUBLIC()
        var outside = TPM2B_DATA()
        var pcrs = TPML_PCR_SELECTION()
        let none = ESYS_TR_NONE
        // The failure is what we want.
        _ = unsafe Esys_Create_Async(
            esys, ESYS_TR.max, ESYS_TR_PASSWORD, none, none, &zeros, &template, &outside, &pcrs)
    }

    deinit {
        unsafe explicit_bzero(pointer, MemoryLayout<TPM2B_SENSITIVE_CREATE>.size)
        unsafe pointer.deallocate()
    }
}
