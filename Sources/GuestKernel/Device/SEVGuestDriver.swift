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
    let channel: any GuestMessageChannel
    let clock: () -> Int64
    var key: MessageKey?
    /// As in the secrets page: of the last answer.
    var counter: UInt32
    var current: Exchange?
    private var waiting: [(message: GuestMessage, completion: (Outcome) -> Void)] = []

    /// When the page is to be sent again, in milliseconds of the monotonic clock.
    public internal(set) var wakeUp: Int64?

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
}
