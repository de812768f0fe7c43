public import SNPABI

/// Messages between a guest and the firmware, through a host that sees ciphertext only.
extension SecureProcessor {
    /// SNP_GUEST_REQUEST: takes the 4096 bytes of a request page, and gives those of the response page.
    ///
    /// A refusal leaves the counter where it was. What is wrong with the content of a message that came through is told
    /// to the guest, in the STATUS of the answer.
    /// - Throws: INVALID_GUEST, INVALID_GUEST_STATE unless the guest runs, INVALID_LEN for no page, INVALID_PARAM for a header that is wrong or has
    ///   not the next sequence number, AEAD_OFLOW where there is no next one, BAD_MEASUREMENT where the tag is wrong,
    ///   UNSUPPORTED for migration.
    public func guestRequest(_ guest: GuestHandle, _ request: [UInt8]) throws(FirmwareStatus) -> [UInt8] {
        let context = try context(guest, in: .running)
        let header = try MessageKey.header(of: request)
        let key = context.messageKeys[Int(header.vmpck)]
        let payload = try key.open(request, header)
        guard let type = GuestMessageType(rawValue: header.type), let responseType = type.response else {
            throw .invalidParameter
        }
        let response = try answer(type, version: header.messageVersion, payload, level: UInt32(header.vmpck), context)
        return try key.answer(response, responseType, to: header)
    }

    /// The payload of the answer.
    ///
    /// - Parameter level: the VMPL that the key of the message belongs to.
    private func answer(
        _ type: GuestMessageType, version: UInt8, _ payload: [UInt8], level: UInt32, _ context: GuestContext
    ) throws(FirmwareStatus) -> [UInt8] {
        switch type {
        case .reportRequest where version == 1: return try answerReport(payload, level: level, context)
        case .keyRequest where version == 1 || version == 2:
            return try answerKey(payload, version: version, level: level, context)
        case .cpuidRequest where version == 1: return answerCPUID(payload)
        case .tscInfoRequest where version == 1: return answerTSCInfo(payload, context)
        // Nothing that only migration needs is modelled.
        case .exportRequest, .importRequest, .absorbRequest, .vmrkRequest, .absorbNoMigrationAgentRequest:
            throw .unsupported
        default: throw .invalidParameter
        }
    }
}
