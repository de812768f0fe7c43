internal import EmulatorLink
public import GuestKernel

/// The way to the AMD-SP, through the machine's port. Where the port fails, the host has failed to run the request: the
/// kernel's driver then does not use its key again.
public final class ProcessorPort: GuestMessageChannel {
    private let port: LinkPort
    private let report: (PortError) -> Void

    /// - Parameter report: gets the reason of each failure.
    public init(_ port: LinkPort, report: @escaping (PortError) -> Void) {
        self.port = port
        self.report = report
    }

    public func exchange(_ request: [UInt8]) -> HypervisorAnswer {
        ask(GuestRequestMessage(page: request)).answer
    }

    public func exchange(_ request: [UInt8], certificatePages: Int) -> ExtendedAnswer {
        ask(GuestRequestMessage(page: request, certificatePages: certificatePages))
    }

    private func ask(_ message: GuestRequestMessage) -> ExtendedAnswer {
        do throws(PortError) {
            let answer = try port.exchange(message.encoded()) { (body: [UInt8]) throws(LinkError) in
                try GuestRequestAnswer(parsing: body)
            }
            let information = ExitInformation(rawValue: answer.exitInformation)
            return ExtendedAnswer(
                answer.exitInformation == 0 ? .response(answer.page) : .failure(information),
                certificates: answer.certificates, pagesNeeded: answer.pagesNeeded)
        } catch {
            report(error)
            return ExtendedAnswer(.failure(.hostError))
        }
    }
}
