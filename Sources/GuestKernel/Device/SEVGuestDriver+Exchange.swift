internal import Cryptography
internal import FUSEMount
internal import InitramfsRuntime
internal import SNPABI

/// One message on its way to the AMD-SP and back.
extension SEVGuestDriver {
    /// The message on its way, and what the host said about it so far.
    struct Exchange {
        let message: GuestMessage
        let completion: (Outcome) -> Void
        let page: [UInt8]
        let sequenceNumber: UInt64
        let started: Int64
        var isExtended: Bool
        var isTooSmall = false
        var pagesNeeded: UInt64 = 0
        var certificates: [UInt8] = []
    }

    /// Sends the page until the host has no more excuse or is busy.
    func attempt() {
        while var exchange = current {
            switch ask(&exchange) {
            case .response(let page): return finish(exchange, page: page)
            case .failure(.busy):
                guard clock() - exchange.started <= Self.patience else {
                    return finish(exchange, failure: .timedOut, .busy)
                }
                wakeUp = clock() + Self.pause
                current = exchange
                return
            case .failure(.invalidLength) where exchange.isExtended:
                // The same page once more, without certificates: the number must be used up, with this content.
                exchange.isExtended = false
                exchange.isTooSmall = true
                current = exchange
            case .failure(let information): return finish(exchange, failure: .inputOutput, information)
            }
        }
    }

    private func ask(_ exchange: inout Exchange) -> HypervisorAnswer {
        guard exchange.isExtended, let pages = exchange.message.certificatePages else {
            return channel.exchange(exchange.page)
        }
        let extended = channel.exchange(exchange.page, certificatePages: pages)
        let room = pages * GuestMessageHeader.pageByteCount
        let certificates = extended.certificates.prefix(room)
        exchange.certificates = certificates + [UInt8](repeating: 0, count: room - certificates.count)
        exchange.pagesNeeded = extended.pagesNeeded
        return extended.answer
    }

    private func finish(_ exchange: Exchange, page: [UInt8]) {
        counter += 2
        guard !exchange.isTooSmall else { return complete(exchange, .failure(.inputOutput), .invalidLength) }
        var answer: [UInt8]?
        do throws(CryptographyError) {
            answer = try key?.open(page, answering: exchange.message, sequenceNumber: exchange.sequenceNumber)
        } catch { answer = nil }
        guard let answer else {
            key = nil
            return complete(exchange, .failure(.badMessage), ExitInformation(rawValue: 0))
        }
        complete(exchange, .success(answer), ExitInformation(rawValue: 0))
    }

    private func finish(_ exchange: Exchange, failure: FileSystemFailure, _ information: ExitInformation) {
        counter += 2
        // Linux keeps the key, too, where the host's complaint was the first and the AMD-SP's error the second: both are
        // one error to it then.
        if !(exchange.isTooSmall && failure == .inputOutput) { key = nil }
        complete(exchange, .failure(failure), exchange.isTooSmall ? .invalidLength : information)
    }

    func complete(
        _ exchange: Exchange, _ answer: Result<[UInt8], FileSystemFailure>, _ information: ExitInformation
    ) {
        current = nil
        exchange.completion(
            Outcome(
                answer: answer, exitInformation: information, certificates: exchange.certificates,
                pagesNeeded: exchange.pagesNeeded))
    }
}
