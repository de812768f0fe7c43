public import Cryptography

/// The values that one bank of PCRs has after the events of a log.
public struct ReplayedBank: Equatable, Sendable {
    public let bank: DigestBank
    /// Ascending; only those that the log extends.
    public let pcrs: [ReplayedPCR]
}

public struct ReplayedPCR: Equatable, Sendable {
    public let index: Int
    public let value: [UInt8]
}

extension EventLog {
    /// The values of every PCR that the log extends, in every bank that can be computed.
    ///
    /// Source: TCG PC Client Platform Firmware Profile 1.06, sections 3.3.2 and 10.4.5.3; TPM 2.0 Library, part 1,
    /// section 17.3.
    public func replay() throws(CryptographyError) -> [ReplayedBank] {
        var replayed: [ReplayedBank] = []
        for bank in banks {
            guard let algorithm = bank.algorithm else { continue }
            var values = [[UInt8]?](repeating: nil, count: 24)
            for event in events where event.isExtended {
                guard let digest = digest(of: event, in: bank) else { continue }
                let index = Int(event.pcr)
                let old = values[index] ?? startValue(of: index, byteCount: bank.byteCount)
                values[index] = try algorithm.hash(old + digest)
            }
            let pcrs = values.enumerated().compactMap { index, value in
                value.map { ReplayedPCR(index: index, value: $0) }
            }
            replayed.append(ReplayedBank(bank: bank, pcrs: pcrs))
        }
        return replayed
    }

    /// The locality that TPM2_Startup came from: as EV_NO_ACTION says, else 4 after an H-CRTM, else 0.
    public var startupLocality: UInt8 {
        for event in events where event.pcr == 0 && event.type == .noAction {
            if let locality = EventContent.startupLocality(in: data(of: event)) { return locality }
        }
        return events.contains { $0.pcr == 0 && $0.type == .hcrtm } ? 4 : 0
    }

    /// All zero, with the locality in the last byte of PCR 0; all ones for the PCRs of a dynamic launch.
    private func startValue(of pcr: Int, byteCount: Int) -> [UInt8] {
        var value = [UInt8](repeating: (17...22).contains(pcr) ? 0xFF : 0, count: byteCount)
        if pcr == 0 { value[byteCount - 1] = startupLocality }
        return value
    }
}
