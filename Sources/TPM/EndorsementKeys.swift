internal import BoundedBytes
internal import CTSS2

extension TPM {
    /// Proves that the TPM that owns `endorsementKey` is the one that `key` lives in, and that it can use it.
    ///
    /// The TPM makes an object under `key`, by TPM2_Create, and nobody keeps it. That takes the private part of `key`,
    /// which a TPM lets nobody bring in where the key has fixedTPM; a name alone, which anybody could have loaded there,
    /// does not do. The session that authorises it is salted to `endorsementKey`, and authenticates the name of `key` on
    /// the way in and the success on the way out, so it takes the private part of that one, too.
    ///
    /// Source: TCG TPM 2.0 Library, Part 1, "Command Parameter Hash" and "Response Parameter Hash"; Part 3, TPM2_Create and
    /// TPM2_LoadExternal.
    /// - Parameter endorsementKey: what somebody vouches for; its handle plays no part.
    /// - Throws: `.endorsementKey` where the TPM has no such key; an error that `isMalformedReply` where the two keys are not
    ///   of one TPM.
    public func proveCoresidence(of key: StorageKey, with endorsementKey: StorageKey) throws(TPMError) {
        let esys = unsafe try link.ready()
        let anchor = unsafe try present(endorsementKey, esys)
        var session = unsafe try startAuthorization(of: key, saltedTo: anchor.key, esys)
        unsafe try set(session, [], esys)
        unsafe try createNothing(under: key, session.id, esys)
        session.expire()
    }

    /// TPM2_Create of a byte that nobody will ask for, under a policy that nobody can fulfil.
    private func createNothing(under key: StorageKey, _ session: ESYS_TR, _ esys: OpaquePointer) throws(TPMError) {
        let policy = [UInt8](repeating: 0, count: 32)
        guard var template = decodePublic(SealedBlob.template(policyDigest: policy)) else {
            throw TPMError(.marshal, .reply)
        }
        let parent = unsafe try resource(key.record, esys)
        var sensitive = TPM2B_SENSITIVE_CREATE()
        guard store([0], in: &sensitive.sensitive.data) else { throw TPMError(.create, .secretSize) }
        var outside = TPM2B_DATA()
        var pcrs = TPML_PCR_SELECTION()
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_Create(
                esys, parent.id, session, none, none, &sensitive, &template, &outside, &pcrs, nil, nil, nil, nil, nil),
            .create)
    }

    /// The key with the public area of `endorsementKey`: one that the TPM keeps, or else made again from its template.
    private func present(_ endorsementKey: StorageKey, _ esys: OpaquePointer) throws(TPMError) -> PresentKey {
        for handle in try handles(in: PresentKey.handles).prefix(PresentKey.mostKept) {
            let kept: StorageKey
            do throws(TPMError) { kept = try storageKey(at: handle) } catch {
                // Attestation keys live there, too.
                guard error.fault == .storageKey else { throw error }
                continue
            }
            if kept.publicArea == endorsementKey.publicArea { return PresentKey(key: kept, transient: nil) }
        }
        for template in try endorsementKey.templates() {
            let made = unsafe try primary(template, in: ESYS_TR_RH_ENDORSEMENT, esys)
            guard made.publicArea == endorsementKey.publicArea else { continue }
            guard let handle = made.resource.transient else { throw TPMError(.createPrimary, .reply) }
            let key = try StorageKey(handle: handle, publicArea: made.publicArea)
            return PresentKey(key: key, transient: made.resource)
        }
        throw TPMError(.createPrimary, .endorsementKey)
    }
}

/// A key in the TPM, for as long as this lives.
private struct PresentKey: ~Copyable {
    /// With the handle that it has now.
    let key: StorageKey
    /// Nil where the TPM keeps it.
    let transient: Resource?

    /// Source: TCG Registry of Reserved TPM 2.0 Handles and Localities, 1.1, section 2.3.1 (endorsement hierarchy).
    static let handles: ClosedRange<UInt32> = 0x8101_0000...0x8101_FFFF
    /// More than any platform provisions.
    static let mostKept = 8
}

extension StorageKey {
    /// Templates that lead to a key with this public area: it is the same but for `unique`, which is all zeros (TCG EK
    /// Credential Profile, templates L-1 and L-2) or empty.
    fileprivate func templates() throws(TPMError) -> [[UInt8]] {
        let (prefix, unique): ([UInt8], [Int])
        do throws(ByteError) {
            var reader = ByteReader(publicArea.span)
            try reader.skip(2 + 2 + 2 + 4)  // size, type, name algorithm, attributes
            _ = try reader.sized()  // policy
            try reader.skip(6 + 2)  // cipher, scheme
            // Size and exponent; curve and kdf.
            try reader.skip(algorithm == PublicArea.Algorithm.rsa ? 2 + 4 : 2 + 2)
            prefix = Array(publicArea[2..<reader.offset])
            unique = algorithm == PublicArea.Algorithm.rsa ? [256] : [32, 32]
        } catch { throw TPMError(.createPrimary, .reply) }
        return [true, false].map { isZeros in
            var area = ByteWriter()
            area.append(prefix)
            for count in unique { area.sized([UInt8](repeating: 0, count: isZeros ? count : 0)) }
            var sized = ByteWriter()
            sized.sized(area.bytes)
            return sized.bytes
        }
    }
}
