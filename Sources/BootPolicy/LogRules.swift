internal import Cryptography
internal import EventLog

/// The log is the TPM's, and it says nothing that its digests do not bear out.
extension BootCheck {
    /// PCR 10 is the kernel's own, and 15 that of the running system; from 16 on anybody may change them.
    private static let comparedPCRs = Array(0...9) + Array(11...14)

    func logRefusal(_ pcrs: [FoundPCR], _ later: [LaterEvents]) throws(CryptographyError) -> Refusal? {
        guard !log.isConfidentialComputingLog else { return .notOfTPM }
        guard let bank, !log.isIncomplete(bank) else { return .noBank }
        if let refusal = try otherPCR(pcrs, later) { return refusal }
        let verdicts = try log.consistencies()
        for (event, verdict) in zip(log.events, verdicts) where event.isExtended {
            if case .inconsistent(let discrepancy) = verdict {
                return .inconsistent(event: event.index, event.type, pcr: event.pcr, discrepancy)
            }
            guard isExpected(event, verdict) else {
                return .unexpectedEvent(event: event.index, event.type, pcr: event.pcr)
            }
        }
        return nil
    }

    private func otherPCR(_ pcrs: [FoundPCR], _ later: [LaterEvents]) throws(CryptographyError) -> Refusal? {
        let replayed = try log.replayedBootPCRs()
        for index in Self.comparedPCRs {
            guard let found = pcrs.first(where: { $0.index == index })?.value else { return .unreadPCR(index) }
            let start = replayed[index].value
            var value = start
            var isFound = value == found
            for event in later.first(where: { $0.pcr == index })?.events ?? [] where !isFound {
                value = try DigestAlgorithm.sha256.hash(value + DigestAlgorithm.sha256.hash(event))
                isFound = value == found
            }
            guard isFound else { return .otherPCR(index, replayed: start, found: found) }
        }
        return nil
    }

    /// Whether the kind of event is one that a boot writes into its PCR. A type is a claim, so in the PCRs that are
    /// judged every event must be of a kind whose digest is made of its data, or is compared with the reference, or is
    /// that of a file whose name is only shown.
    private func isExpected(_ event: Event, _ verdict: Consistency) -> Bool {
        let isConsistent = if case .consistent = verdict { true } else { false }
        switch (event.pcr, log.content(of: event)) {
        case (4, .separator), (7, .separator), (7, .variable): return isConsistent
        case (4, .action(let text)): return isConsistent && text.hasSuffix("EFI Application from Boot Option")
        case (7, .action(let text)):
            return isConsistent && (text == Self.debugMode || text == "DMA Protection Disabled")
        case (4, .image): return true
        case (8, .grubText): return isConsistent
        case (9, .grubFile), (9, .linuxLoadOptions), (9, .linuxInitrd): return true
        case (11, .systemdSection): return true
        case (12, .systemdCommandLine): return isConsistent
        case (12, .systemdArchive), (12, .systemdTag), (13, .systemdArchive): return true
        case (14, .shimVariable): return true
        default: return !Self.judgedPCRs.contains(event.pcr)
        }
    }

    /// Source: TCG PC Client Platform Firmware Profile 1.06, section 10.4.4, table 29.
    static let debugMode = "UEFI Debug Mode"
    /// The firmware's own PCRs hold its vendor's data, which nobody can read; the policy and the attestation bind them.
    private static let judgedPCRs: [UInt32] = [4, 7, 8, 9, 11, 12, 13, 14]
}
