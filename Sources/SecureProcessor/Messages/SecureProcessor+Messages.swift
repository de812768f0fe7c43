internal import Cryptography
public import SNPABI

/// Messages between a guest and the firmware, through a host that sees ciphertext only.
extension SecureProcessor {
    /// SNP_GUEST_REQUEST: takes the 4096 bytes of a request page, and gives those of the response page.
    ///
    /// A refusal leaves the counter where it was. What is wrong with the content of a message that came through is told
    /// to the guest, in the STATUS of the answer.
    /// - Throws: INVALID_GUEST, INVALID_GUEST_STATE unless the guest runs, INVALID_PARAM for a header that is wrong or has
    ///   not the next sequence number, AEAD_OFLOW where there is no next one, BAD_MEASUREMENT where the tag is wrong,
    ///   UNSUPPORTED for migration.
    public func guestRequest(_ guest: GuestHandle, _ request: [UInt8]) throws(FirmwareStatus) -> [UInt8] {
        let context = try context(guest, in: .running)
        let header = try requestHeader(request)
        let key = context.messageKeys[Int(header.vmpck)]
        // The answer needs a number, too.
        guard key.counter <= UInt64.max - 2 else { throw .aeadOverflow }
        guard header.sequenceNumber == key.counter + 1 else { throw .invalidParameter }
        let start = GuestMessageHeader.byteCount
        let opened = try working { () throws(CryptographyError) in
            try AuthenticatedCipher.open(
                Array(request[start..<start + Int(header.payloadSize)]), tag: header.tag,
                associated: header.additionalData, vector: header.initializationVector, key: key.secret)
        }
        guard let opened else { throw .badMeasurement }
        guard let type = GuestMessageType(rawValue: header.type), let responseType = type.response else {
            throw .invalidParameter
        }
        let answer = try answer(type, version: header.messageVersion, opened, level: UInt32(header.vmpck), context)
        var response = GuestMessageHeader(
            sequenceNumber: key.counter + 2, type: responseType, messageVersion: header.messageVersion,
            payloadSize: UInt16(answer.count), vmpck: header.vmpck)
        let sealed = try working { () throws(CryptographyError) in
            try AuthenticatedCipher.seal(
                answer, associated: response.additionalData, vector: response.initializationVector, key: key.secret)
        }
        key.counter += 2
        response.tag = sealed.tag
        let page = response.encoded() + sealed.encrypted
        return page + [UInt8](repeating: 0, count: GuestMessageHeader.pageByteCount - page.count)
    }

    /// Everything that can be judged before the tag is.
    private func requestHeader(_ request: [UInt8]) throws(FirmwareStatus) -> GuestMessageHeader {
        guard request.count == GuestMessageHeader.pageByteCount else { throw .invalidLength }
        let header: GuestMessageHeader
        do throws(SNPFormatError) { header = try GuestMessageHeader(parsing: request) } catch {
            throw .invalidParameter
        }
        guard header.algorithm == GuestMessageHeader.aes256GCM, header.headerVersion == 1,
            header.headerSize == UInt16(GuestMessageHeader.byteCount), header.vmpck <= 3,
            Int(header.payloadSize) <= GuestMessageHeader.largestPayload
        else { throw .invalidParameter }
        return header
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
        case .tscInfoRequest where version == 1: return answerTSCInfo(payload, context)
        // Nothing that only migration needs is modelled.
        case .exportRequest, .importRequest, .absorbRequest, .vmrkRequest, .absorbNoMigrationAgentRequest:
            throw .unsupported
        default: throw .invalidParameter
        }
    }
}
