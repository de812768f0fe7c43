internal import Cryptography
package import SNPABI
package import Secrets

/// A guest's key for messages of one level, VMPCK, and how far its messages have got.
///
/// A refusal leaves the counter where it was. Source: AMD 56860, "Guest Messages".
package final class MessageKey {
    let secret: SecretBytes
    /// The last sequence number in use, which is an answer's.
    private var counter: UInt64

    package init(_ secret: consuming SecretBytes, counter: UInt64 = 0) {
        self.secret = secret
        self.counter = counter
    }

    /// Everything of a request page that can be judged before its tag is.
    package static func header(of request: [UInt8]) throws(FirmwareStatus) -> GuestMessageHeader {
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

    /// The payload of the next request.
    ///
    /// - Throws: AEAD_OFLOW where there is no number left for request and answer, INVALID_PARAM where it has not the next
    ///   number, BAD_MEASUREMENT where the tag is wrong.
    package func open(_ request: [UInt8], _ header: GuestMessageHeader) throws(FirmwareStatus) -> [UInt8] {
        guard counter <= UInt64.max - 2 else { throw .aeadOverflow }
        guard header.sequenceNumber == counter + 1 else { throw .invalidParameter }
        let start = GuestMessageHeader.byteCount
        let payload: [UInt8]?
        do throws(CryptographyError) {
            payload = try AuthenticatedCipher.open(
                Array(request[start..<start + Int(header.payloadSize)]), tag: header.tag,
                associated: header.additionalData, vector: header.initializationVector, key: secret)
        } catch { throw .hardwareErrorPlatform }
        guard let payload else { throw .badMeasurement }
        return payload
    }

    /// The response page for a request that `open` took, 4096 bytes; both numbers are used up then.
    package func answer(
        _ payload: [UInt8], _ type: GuestMessageType, to request: GuestMessageHeader
    ) throws(FirmwareStatus) -> [UInt8] {
        var header = GuestMessageHeader(
            sequenceNumber: request.sequenceNumber + 1, type: type, messageVersion: request.messageVersion,
            payloadSize: UInt16(payload.count), vmpck: request.vmpck)
        do throws(CryptographyError) {
            let sealed = try AuthenticatedCipher.seal(
                payload, associated: header.additionalData, vector: header.initializationVector, key: secret)
            header.tag = sealed.tag
            counter = header.sequenceNumber
            let page = header.encoded() + sealed.encrypted
            return page + [UInt8](repeating: 0, count: GuestMessageHeader.pageByteCount - page.count)
        } catch { throw .hardwareErrorPlatform }
    }
}
