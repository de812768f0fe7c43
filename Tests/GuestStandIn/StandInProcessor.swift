internal import Cryptography
internal import SNPABI
internal import Secrets

/// Answers guest messages under one known key, as the AMD-SP would, with reports that nobody has signed and keys that are
/// digests: for tests of what lies between a guest's program and the AMD-SP.
final class StandInProcessor {
    static let key = [UInt8](1...32)
    private let secret = SecretBytes(count: key.count) { bytes in
        for index in bytes.indices { bytes[index] = StandInProcessor.key[index] }
    }
    private let vmpck: UInt8
    private var counter: UInt64 = 0

    init(vmpck: UInt8) { self.vmpck = vmpck }

    func serve(_ page: [UInt8]) throws(FirmwareStatus) -> [UInt8] {
        let header: GuestMessageHeader
        do throws(SNPFormatError) { header = try GuestMessageHeader(parsing: page) } catch { throw .invalidParameter }
        guard header.sequenceNumber == counter + 1, header.vmpck == vmpck else { throw .invalidParameter }
        let payload = Array(page[GuestMessageHeader.byteCount...].prefix(Int(header.payloadSize)))
        guard let plain = try open(payload, header) else { throw .badMeasurement }
        let answer: [UInt8]
        switch GuestMessageType(rawValue: header.type) {
        case .reportRequest: answer = Self.report(plain, lowest: vmpck)
        case .keyRequest: answer = KeyResponse.head(.success) + (try digest(plain))
        default: throw .unsupported
        }
        counter += 2
        return try seal(answer, answering: header)
    }

    private static func report(_ request: [UInt8], lowest: UInt8) -> [UInt8] {
        do throws(SNPFormatError) {
            let request = try ReportRequest(parsing: request)
            guard request.vmpl >= UInt32(lowest), request.vmpl <= 3 else { throw SNPFormatError("", .missing("")) }
            var report = [UInt8](repeating: 0, count: AttestationReport.byteCount)
            report[0] = 2
            report[0x30] = UInt8(request.vmpl)
            report.replaceSubrange(0x50..<0x90, with: request.reportData)
            return ReportResponse(status: .success, report: report).encoded()
        } catch { return ReportResponse(status: .invalidParameter, report: []).encoded() }
    }

    private func open(_ payload: [UInt8], _ header: GuestMessageHeader) throws(FirmwareStatus) -> [UInt8]? {
        do throws(CryptographyError) {
            return try AuthenticatedCipher.open(
                payload, tag: header.tag, associated: header.additionalData, vector: header.initializationVector,
                key: secret)
        } catch { throw .hardwareErrorPlatform }
    }

    private func digest(_ bytes: [UInt8]) throws(FirmwareStatus) -> [UInt8] {
        do throws(CryptographyError) { return try DigestAlgorithm.sha256.hash(bytes) } catch {
            throw .hardwareErrorPlatform
        }
    }

    private func seal(_ answer: [UInt8], answering request: GuestMessageHeader) throws(FirmwareStatus) -> [UInt8] {
        var header = request
        header.sequenceNumber += 1
        header.type += 1
        header.payloadSize = UInt16(answer.count)
        do throws(CryptographyError) {
            let sealed = try AuthenticatedCipher.seal(
                answer, associated: header.additionalData, vector: header.initializationVector, key: secret)
            header.tag = sealed.tag
            let page = header.encoded() + sealed.encrypted
            return page + [UInt8](repeating: 0, count: GuestMessageHeader.pageByteCount - page.count)
        } catch { throw .hardwareErrorPlatform }
    }
}
