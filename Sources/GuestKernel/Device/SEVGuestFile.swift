internal import BoundedBytes
public import FUSEMount
internal import SNPABI

/// /dev/sev-guest: the system calls of Linux's driver.
///
/// Source: Linux, `include/uapi/linux/sev-guest.h` and `drivers/virt/coco/sev-guest/sev-guest.c`.
public final class SEVGuestFile: VirtualFile, OpenFile {
    private let driver: SEVGuestDriver

    public init(_ driver: SEVGuestDriver) { self.driver = driver }

    public var permissions: UInt32 { 0o600 }

    public func open(for access: Access) throws(FileSystemFailure) -> any OpenFile { self }

    /// `_IOWR('S', 0...2, struct snp_guest_request_ioctl)`.
    enum Request: UInt32 {
        case report = 0xC020_5300
        case derivedKey = 0xC020_5301
        case extendedReport = 0xC020_5302
    }

    public func control(_ call: ControlCall, reply: Reply) {
        do throws(FileSystemFailure) {
            let argument = try GuestRequestArgument(at: call.argument, of: call.caller)
            guard argument.messageVersion != 0 else { throw .invalid }
            let request = Request(rawValue: call.request)
            do throws(FileSystemFailure) {
                guard let request else { throw .noSuchControl }
                try serve(request, argument, reply)
            } catch { answer(.failure(error), .notCalled, argument, reply) }
        } catch { reply.fail(error) }
    }

    private func serve(
        _ request: Request, _ argument: GuestRequestArgument, _ reply: Reply
    ) throws(FileSystemFailure) {
        guard argument.requestAddress != 0, argument.responseAddress != 0 else { throw .invalid }
        switch request {
        case .report:
            let payload = try argument.caller.read(ReportRequest.byteCount, at: argument.requestAddress)
            send(reportMessage(payload, argument), argument, reply, answerSize: ReportResponse.kernelByteCount)
        case .derivedKey:
            let payload = try argument.caller.read(KeyRequest.byteCount, at: argument.requestAddress)
            let message = GuestMessage(
                .keyRequest, version: argument.messageVersion, payload: payload, largestAnswer: KeyResponse.byteCount)
            send(message, argument, reply, answerSize: KeyResponse.byteCount)
        case .extendedReport:
            try serveExtendedReport(argument, reply)
        }
    }

    private func serveExtendedReport(
        _ argument: GuestRequestArgument, _ reply: Reply
    ) throws(FileSystemFailure) {
        let request = try ExtendedReportRequest(at: argument.requestAddress, of: argument.caller)
        let pages = try request.certificatePages
        var message = reportMessage(request.report, argument)
        message.certificatePages = pages
        send(message, argument, reply, answerSize: ReportResponse.kernelByteCount) {
            outcome throws(FileSystemFailure) in
            if outcome.exitInformation == .invalidLength {
                try request.write(pagesNeeded: outcome.pagesNeeded, to: argument)
            }
            guard case .success = outcome.answer, pages > 0 else { return }
            try argument.caller.write(outcome.certificates, at: request.certificatesAddress)
        }
    }

    private func reportMessage(_ payload: [UInt8], _ argument: GuestRequestArgument) -> GuestMessage {
        GuestMessage(
            .reportRequest, version: argument.messageVersion, payload: payload,
            largestAnswer: ReportResponse.kernelByteCount)
    }

    /// - Parameters:
    ///   - answerSize: bytes that the caller gets: the answer, and zeros.
    ///   - copy: what is copied besides, before the answer.
    private func send(
        _ message: GuestMessage, _ argument: GuestRequestArgument, _ reply: Reply, answerSize: Int,
        copy: @escaping (SEVGuestDriver.Outcome) throws(FileSystemFailure) -> Void = {
            (_: SEVGuestDriver.Outcome) throws(FileSystemFailure) in
        }
    ) {
        driver.send(message) { outcome in
            var result = outcome.answer.map { _ in () }
            do throws(FileSystemFailure) {
                try copy(outcome)
                if case .success(let answer) = outcome.answer {
                    let padding = [UInt8](repeating: 0, count: answerSize - answer.count)
                    try argument.caller.write(answer + padding, at: argument.responseAddress)
                }
            } catch { result = .failure(error) }
            self.answer(result, outcome.exitInformation, argument, reply)
        }
    }

    /// Linux writes the argument back unless exitinfo2 is 0: after a success the caller keeps what it had there.
    private func answer(
        _ result: Result<Void, FileSystemFailure>, _ information: ExitInformation, _ argument: GuestRequestArgument,
        _ reply: Reply
    ) {
        do throws(FileSystemFailure) {
            if information.rawValue != 0 { try argument.write(information) }
            try result.get()
            reply.returned(0)
        } catch { reply.fail(error) }
    }
}
