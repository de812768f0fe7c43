internal import CTSS2

extension TPM {
    /// Starts an HMAC or policy session whose key only the TPM that holds `key` can know; without one it has none.
    ///
    /// SHA-256; parameters, where they are encrypted, with AES-128-CFB. The session outlives the next command.
    func startSession(
        _ type: TPM2_SE, saltedTo key: StorageKey?, _ esys: OpaquePointer
    ) throws(TPMError) -> Resource {
        guard let key else { return unsafe try startSession(type, ESYS_TR_NONE, esys) }
        let resource = unsafe try resource(key.record, esys)
        return unsafe try startSession(type, resource.id, esys)
    }

    private func startSession(_ type: TPM2_SE, _ key: ESYS_TR, _ esys: OpaquePointer) throws(TPMError) -> Resource {
        var cipher = TPMT_SYM_DEF()
        cipher.algorithm = TPM2_ALG_AES
        unsafe cipher.keyBits.aes = 128
        unsafe cipher.mode.aes = TPM2_ALG_CFB
        var id = ESYS_TR_NONE
        let none = ESYS_TR_NONE
        try link.check(
            unsafe Esys_StartAuthSession(
                esys, key, none, none, none, none, nil, type, &cipher, TPM2_ALG_SHA256, &id), .startSession)
        return unsafe try .transient(id, link, esys)
    }

    /// Sets exactly these attributes; without `TPMA_SESSION_CONTINUESESSION` the next command ends the session.
    func set(_ session: borrowing Resource, _ attributes: [TPMA_SESSION], _ esys: OpaquePointer) throws(TPMError) {
        let flags = attributes.reduce(0, |)
        try link.check(unsafe Esys_TRSess_SetAttributes(esys, session.id, flags, 0xFF), .sessionAttributes)
    }
}
