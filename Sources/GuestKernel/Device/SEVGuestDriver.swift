internal import Cryptography
public import FUSEMount
public import InitramfsRuntime
internal import SNPABI
public import Secrets

/// Linux's driver `sev-guest` from the request to the answer: one message at a time, and never two under one number.
///
/// Source: Linux, `drivers/virt/coco/sev-guest/sev-guest.c`, snp_send_guest_request. Where the host is busy the driver
/// waits without a thread: whoever runs the event loop calls `resume` when `wakeUp` has come.
public final class SEVGuestDriver {
    /// What came of a message.
    public struct Outcome {
        /// The plain answer, or the kernel's error.
        public var answer: Result<[UInt8], FileSystemFailure>
        /// exitinfo2 of the ioctl's argument.
        public var exitInformation: ExitInformation
        /// As the host wrote them, with zeros up to the room that there was.
        public var certificates: [UInt8] = []
        /// What the host wants where `exitInformation` is `.invalidLength`.
        public var pagesNeeded: UInt64 = 0
    }

    /// How long Linux sends the same page again while the host is busy, and how often, in milliseconds.
    static let patience: Int64 = 60_000
    static let pause: Int64 = 2000

    public let vmpck: UInt8
    private let channel: any GuestMessageChannel
    private let clock: () -> Int64
    private var key: MessageKey?
    /// As in the secrets page: of the last answer.
    private var counter: UInt32
    private var current: Exchange?
    private var waiting: [(message: GuestMessage, completion: (Outcome) -> Void)] = []

    /// The message on its way, and what the host said about it so far.
    private struct Exchange {
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

    /// When the page is to be sent again, in milliseconds of the monotonic clock.
    public private(set) var wakeUp: Int64?

    /// - Parameters:
    ///   - key: VMPCK of that number, 32 bytes, from the secrets page; zeros where it was taken away.
    ///   - counter: msg_seqno of that key in the secrets page: of the last answer under it.
    ///   - clock: milliseconds.
    public init(
        channel: any GuestMessageChannel, key: [UInt8], vmpck: UInt8, counter: UInt32 = 0,
        clock: @escaping () -> Int64 = { MonotonicClock.milliseconds }
    ) {
        self.channel = channel
        self.key = MessageKey(key, vmpck: vmpck)
        self.vmpck = vmpck
        self.counter = counter
        self.clock = clock
    }

    /// As above, where nobody had the key in the open.
    ///
    /// - Parameter secret: VMPCK of that number, 32 bytes, not all zero; nil where it was taken away.
    public init(
        channel: any GuestMessageChannel, secret: consuming SecretBytes?, vmpck: UInt8, counter: UInt32,
        clock: @escaping () -> Int64 = { MonotonicClock.milliseconds }
    ) {
        self.channel = channel
        key = if let secret { MessageKey(secret, vmpck: vmpck) } else { nil }
        self.vmpck = vmpck
        self.counter = counter
        self.clock = clock
    }

    /// Whether there is still a key to speak under.
    public var hasKey: Bool { key != nil }

    /// Sends a message when all before it have their answer. `completion` may be called before this returns.
    public func send(_ message: GuestMessage, completion: @escaping (Outcome) -> Void) {
        waiting.append((message, completion))
        startNext()
    }

    /// Goes on where the host was busy.
    public func resume() {
        guard let wakeUp, clock() >= wakeUp else { return }
        self.wakeUp = nil
        attempt()
        startNext()
    }

    /// The machine goes down: whoever waits learns it, and nobody is served any more.
    public func abandon() {
        key = nil
        wakeUp = nil
        if let exchange = current { complete(exchange, .failure(.inputOutput), .busy) }
        startNext()
    }

    private func startNext() {
        while current == nil, !waiting.isEmpty {
            let (message, completion) = waiting.removeFirst()
            let fail = { (failure: FileSystemFailure) in
                completion(Outcome(answer: .failure(failure), exitInformation: .notCalled))
            }
            guard let key else {
                fail(.noSuchControl)
                continue
            }
            // The counter in the secrets page has 32 bits only.
            let number = UInt64(counter) + 1
            guard number < UInt64(UInt32.max) else {
                fail(.inputOutput)
                continue
            }
            do throws(CryptographyError) {
                current = Exchange(
                    message: message, completion: completion,
                    page: try key.seal(message, sequenceNumber: number), sequenceNumber: number, started: clock(),
                    isExtended: message.certificatePages != nil)
            } catch { fail(.noMemory) }
            attempt()
        }
    }

    /// Sends the page until the host has no more excuse or is busy.
    private func attempt() {
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

    private func complete(
        _ exchange: Exchange, _ answer: Result<[UInt8], FileSystemFailure>, _ information: ExitInformation
    ) {
        current = nil
        exchange.completion(
            Outcome(
                answer: answer, exitInformation: information, certificates: exchange.certificates,
                pagesNeeded: exchange.pagesNeeded))
    }
}
