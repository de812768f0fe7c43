internal import CTSS2
public import Cryptography

extension TPM {
    /// Reads the selected PCRs, in ascending order. The TPM answers at most eight at a time.
    ///
    /// The transport can forge the answer: it serves to find a policy and to explain, never to release a key. Over an
    /// `AuthenticatedSession` it cannot.
    /// - Throws: `.pcrValues` where the TPM answers with others than asked for, with none (the bank is not
    ///   active), or with digests of another length.
    public func readPCRs(_ selection: PCRSelection) throws(TPMError) -> [PCRValue] {
        unsafe try readPCRs(selection, ESYS_TR_NONE, try link.ready())
    }

    func readPCRs(
        _ selection: PCRSelection, _ session: ESYS_TR, _ esys: OpaquePointer
    ) throws(TPMError) -> [PCRValue] {
        var missing = selection.indices
        var values: [PCRValue] = []
        while !missing.isEmpty {
            let some = unsafe try readSome(PCRSelection(selection.bank, missing), session, esys)
            let read = some.map { $0.index }
            guard !read.isEmpty, read.allSatisfy(missing.contains) else { throw TPMError(.readPCRs, .pcrValues) }
            missing.removeAll(where: read.contains)
            values += some
        }
        return values.sorted { $0.index < $1.index }
    }

    /// The banks that have PCRs, by TPM2_GetCapability. (TPM2_PCR_Event may report digests for others too.)
    public func activeBanks() throws(TPMError) -> [DigestAlgorithm] {
        let esys = unsafe try link.ready()
        let answer = unsafe try capability(TPM2_CAP_PCRS, from: 0, count: 1, esys)
        var list = unsafe answer.data.assignedPCR
        let banks = unsafe withUnsafeBytes(of: &list.pcrSelections) {
            unsafe Array($0.bindMemory(to: TPMS_PCR_SELECTION.self).prefix(Int(list.count)))
        }
        return DigestAlgorithm.allCases.filter { algorithm in
            banks.contains { $0.hash == algorithm.identifier && $0.pcrSelect != (0, 0, 0, 0) }
        }
    }

    private func readSome(
        _ selection: PCRSelection, _ session: ESYS_TR, _ esys: OpaquePointer
    ) throws(TPMError) -> [PCRValue] {
        var request = selection.list
        var counter: UInt32 = 0
        var answered: UnsafeMutablePointer<TPML_PCR_SELECTION>?
        var digests: UnsafeMutablePointer<TPML_DIGEST>?
        defer {
            unsafe Esys_Free(answered)
            unsafe Esys_Free(digests)
        }
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_PCR_Read(esys, session, none, none, &request, &counter, &answered, &digests), .readPCRs)
        guard let answered = unsafe answered, let digests = unsafe digests,
            unsafe answered.pointee.count == 1,
            unsafe answered.pointee.pcrSelections.0.hash == selection.bank.identifier
        else { throw TPMError(.readPCRs, .pcrValues) }
        let size = Int(unsafe answered.pointee.pcrSelections.0.sizeofSelect)
        let bitmap = unsafe withUnsafeBytes(of: &answered.pointee.pcrSelections.0.pcrSelect) {
            unsafe Array($0.prefix(size))
        }
        let indices = PCRSelection.indices(in: bitmap)
        let count = Int(unsafe digests.pointee.count)
        let read = unsafe withUnsafeBytes(of: &digests.pointee.digests) { raw in
            unsafe raw.bindMemory(to: TPM2B_DIGEST.self).prefix(count).compactMap { digest in
                var digest = digest
                return unsafe contents(&digest)
            }
        }
        guard read.count == indices.count, read.allSatisfy({ $0.count == selection.bank.byteCount }) else {
            throw TPMError(.readPCRs, .pcrValues)
        }
        return zip(indices, read).map(PCRValue.init)
    }
}

extension PCRSelection {
    /// The selection as TSS takes it.
    var list: TPML_PCR_SELECTION {
        var list = TPML_PCR_SELECTION()
        list.count = 1
        list.pcrSelections.0.hash = bank.identifier
        list.pcrSelections.0.sizeofSelect = 3
        let bitmap = bitmap
        list.pcrSelections.0.pcrSelect = (bitmap[0], bitmap[1], bitmap[2], 0)
        return list
    }
}
