internal import CLinux
internal import GuestKernel
internal import InitramfsRuntime
internal import SNPABI
internal import Secrets

/// What the SVSM says to the AMD-SP, under a key of the secrets page whose only user it is: VMPCK0.
///
/// Not for two threads at once: neither is a guest's vCPU.
final class SVSMMessages {
    /// The level of the SVSM, and the number of its key.
    static let vmpl: UInt32 = 0
    private let driver: SEVGuestDriver

    /// - Parameters:
    ///   - key: VMPCK of the secrets page, 32 bytes.
    ///   - vmpl: the number of that key, and the level that reports are asked for.
    init(channel: any GuestMessageChannel, key: [UInt8], vmpl: UInt8 = UInt8(SVSMMessages.vmpl)) {
        driver = SEVGuestDriver(channel: channel, key: key, vmpck: vmpl)
    }

    /// A report of that level, and the host's certificates as they lie in its pages.
    enum Answer {
        case report([UInt8], certificates: [UInt8])
        /// The host has more certificates than there was room for: how many pages it wants.
        case tooManyCertificates(pages: UInt64)
    }

    /// - Parameters:
    ///   - reportData: 64 bytes.
    ///   - certificatePages: room for certificates; 0 where none are wanted.
    func report(_ reportData: [UInt8], certificatePages: Int = 0) throws(SVSMError) -> Answer {
        let request = ReportRequest(reportData: reportData, vmpl: UInt32(driver.vmpck))
        let outcome = try ask(
            GuestMessage(
                .reportRequest, version: 1, payload: request.encoded(), largestAnswer: ReportResponse.kernelByteCount,
                certificatePages: certificatePages == 0 ? nil : certificatePages))
        if outcome.exitInformation == .invalidLength { return .tooManyCertificates(pages: outcome.pagesNeeded) }
        let answer = try payload(of: outcome, "MSG_REPORT_REQ")
        let response: ReportResponse
        do throws(SNPFormatError) { response = try ReportResponse(parsing: answer) } catch {
            throw .processor(message: "MSG_REPORT_REQ", reason: error.description)
        }
        guard response.status == .success else {
            throw .processor(message: "MSG_REPORT_REQ", reason: response.status.description)
        }
        return .report(response.report, certificates: outcome.certificates)
    }

    /// A key of the AMD-SP's, 32 bytes.
    func key(_ request: KeyRequest) throws(SVSMError) -> SecretBytes {
        let outcome = try ask(
            GuestMessage(
                .keyRequest, version: request.messageVersion, payload: request.encoded(),
                largestAnswer: KeyResponse.byteCount))
        let answer = try payload(of: outcome, "MSG_KEY_REQ")
        guard answer.count == KeyResponse.byteCount else {
            throw .processor(message: "MSG_KEY_REQ", reason: "an answer of \(answer.count) bytes")
        }
        let status: FirmwareStatus
        do throws(SNPFormatError) {
            status = try KeyResponse.status(in: Array(answer[..<KeyResponse.keyRange.lowerBound]))
        } catch { throw .processor(message: "MSG_KEY_REQ", reason: error.description) }
        guard status == .success else { throw .processor(message: "MSG_KEY_REQ", reason: status.description) }
        return SecretBytes(count: KeyResponse.keyRange.count) { key in
            for index in key.indices { key[index] = answer[KeyResponse.keyRange.lowerBound + index] }
        }
    }

    /// Waits where the host is busy: the SVSM has nothing else to do either.
    private func ask(_ message: GuestMessage) throws(SVSMError) -> SEVGuestDriver.Outcome {
        var outcome: SEVGuestDriver.Outcome?
        driver.send(message) { outcome = $0 }
        while true {
            if let outcome { return outcome }
            guard let wakeUp = driver.wakeUp else {
                throw .processor(message: "guest request", reason: "the host answers nothing")
            }
            usleep(UInt32(clamping: max(0, wakeUp - MonotonicClock.milliseconds) * 1000))
            driver.resume()
        }
    }

    private func payload(of outcome: SEVGuestDriver.Outcome, _ name: String) throws(SVSMError) -> [UInt8] {
        guard case .success(let answer) = outcome.answer else {
            let information = outcome.exitInformation.rawValue
            throw .processor(
                message: name,
                reason: driver.hasKey || information != 0
                    ? "exit information 0x" + String(information, radix: 16)
                    : "an answer that is none, or no key to speak under")
        }
        return answer
    }
}
