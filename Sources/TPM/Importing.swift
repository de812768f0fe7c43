internal import BoundedBytes
internal import CTSS2

extension TPM {
    /// Makes `object` one of this TPM's, by TPM2_Import; what comes back is opened by `unseal`, and by this TPM alone.
    ///
    /// It says nothing about who made the object: only an authority's approval of its policy, or a MAC under its secret
    /// beside a key that its maker cannot know, tells the owner's from anybody else's.
    /// - Throws: `.blob` where a part is malformed; an error that `isForeignObject` where it is no sealed secret under a
    ///   policy, was wrapped for another key, or was changed.
    public func importObject(
        _ object: DuplicationObject, under parent: StorageKey
    ) throws(TPMError) -> SealedBlob {
        var (area, duplicate, seed) = try object.decoded()
        let esys = unsafe try link.ready()
        let key = unsafe try resource(parent.record, esys)
        var reply: UnsafeMutablePointer<TPM2B_PRIVATE>?
        defer { unsafe Esys_Free(reply) }
        do throws(TPMError) {
            try unsafe authorizing(parent, esys) { (session) throws(TPMError) in
                // There is no inner wrapper.
                var (innerKey, cipher) = (TPM2B_DATA(), TPMT_SYM_DEF_OBJECT())
                cipher.algorithm = TPM2_ALG_NULL
                let none = ESYS_TR_NONE
                try link.check(
                    unsafe Esys_Import(
                        esys, key.id, session, none, none, &innerKey, &area, &duplicate, &seed, &cipher, &reply),
                    .importObject)
            }
        } catch {
            guard error.call == .importObject, error.isFailure else { throw error }
            // libtpms 0.9 says so where OAEP finds another label; a TPM that has failed answers nothing else any more.
            _ = try storageKey(at: parent.handle)
            throw TPMError(.importObject, .seed)
        }
        guard let reply = unsafe reply, let content = unsafe contents(reply) else {
            throw TPMError(.importObject, .reply)
        }
        var privateArea = ByteWriter()
        privateArea.sized(content)
        return SealedBlob(imported: object.publicArea, privateArea: privateArea.bytes)
    }
}

extension DuplicationObject {
    /// The three parts as TSS takes them.
    fileprivate func decoded() throws(TPMError) -> (TPM2B_PUBLIC, TPM2B_PRIVATE, TPM2B_ENCRYPTED_SECRET) {
        let area = try SealedBlob.decodedPublic(publicArea, from: .elsewhere, .importObject)
        var (wrapped, secret) = (TPM2B_PRIVATE(), TPM2B_ENCRYPTED_SECRET())
        guard let content = sizedContent(duplicate), store(content, in: &wrapped),
            let encrypted = sizedContent(seed), store(encrypted, in: &secret)
        else { throw TPMError(.importObject, .blob) }
        return (area, wrapped, secret)
    }
}
