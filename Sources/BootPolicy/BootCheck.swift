public import Cryptography
public import EventLog

/// One PCR of the SHA-256 bank, as the TPM gave it.
public struct FoundPCR: Equatable, Sendable {
    public let index: Int
    /// 32 bytes.
    public let value: [UInt8]

    public init(index: Int, value: [UInt8]) {
        self.index = index
        self.value = value
    }
}

extension EventLog {
    /// SHA-256 of PCR 0 to 15 as the log leads to; zeros where it extends nothing.
    public func replayedBootPCRs() throws(CryptographyError) -> [FoundPCR] {
        let replayed = try replay().first { $0.bank.algorithm == .sha256 }?.pcrs ?? []
        let zeros = [UInt8](repeating: 0, count: DigestAlgorithm.sha256.byteCount)
        return (0..<16).map { index in
            FoundPCR(index: index, value: replayed.first { $0.index == index }?.value ?? zeros)
        }
    }
}

/// Events that programs of the guest extend behind the end of the firmware's log, in this order, each perhaps not yet.
public struct LaterEvents: Equatable, Sendable {
    public let pcr: Int
    public let events: [[UInt8]]

    public init(pcr: Int, events: [[UInt8]]) {
        self.pcr = pcr
        self.events = events
    }

    /// Source: systemd, docs/TPM2_PCR_MEASUREMENTS.md, systemd-pcrphase.
    public static let phases = LaterEvents(
        pcr: 11, events: ["enter-initrd", "leave-initrd", "sysinit", "ready"].map { Array($0.utf8) })
}

/// Whether a boot is one that the reference allows.
///
/// The log explains the PCRs, and its digests are checked against what it says; so nothing in it is believed that the
/// TPM does not confirm. Only the order within one PCR is known: no PCR shows the order between two of them.
public struct BootCheck {
    let log: EventLog
    let reference: Reference
    let arguments: ArgumentRules
    /// In SHA-256, all that the check is made with.
    let bank: DigestBank?

    public init(log: EventLog, reference: Reference, arguments: ArgumentRules = .standard) {
        self.log = log
        self.reference = reference
        self.arguments = arguments
        bank = log.banks.first { $0.algorithm == .sha256 }
    }

    /// - Parameter pcrs: at least 0 to 9 and 11 to 14.
    public func verdict(pcrs: [FoundPCR], later: [LaterEvents]) throws(CryptographyError) -> BootVerdict {
        // Without a log that is the TPM's there is nothing to tell.
        if let refusal = try logRefusal(pcrs, later) {
            return BootVerdict(components: [ComponentVerdict(.log, refusal: refusal)])
        }
        let own = [ComponentVerdict(.log, String(log.events.count) + " events"), orderVerdict()]
        return BootVerdict(components: try own + keyVerdicts() + driverVerdicts() + startVerdicts())
    }

    /// The verdict on a boot that is yet to come, where the log has what can be predicted of it: all but its order, the
    /// drivers of its cards, and what the TPM will say.
    public func predictedVerdict() throws(CryptographyError) -> BootVerdict {
        guard bank != nil else { return BootVerdict(components: [ComponentVerdict(.log, refusal: .noBank)]) }
        return BootVerdict(components: try keyVerdicts() + startVerdicts())
    }

    private func keyVerdicts() throws(CryptographyError) -> [ComponentVerdict] {
        [try secureBootVerdict(), sbatVerdict(), try mokVerdict()]
    }

    private func startVerdicts() -> [ComponentVerdict] { programVerdicts() + [commandLineVerdict()] }

    /// The events of one PCR that change it.
    func events(in pcr: UInt32) -> [Event] { log.events.filter { $0.pcr == pcr && $0.isExtended } }

    /// SHA-256, 32 bytes; the log was found to have one for every event.
    func digest(of event: Event) -> [UInt8] {
        bank.flatMap { log.digest(of: event, in: $0) }.map { Array($0) } ?? []
    }
}
