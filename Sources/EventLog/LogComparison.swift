/// Where two logs part, PCR by PCR.
public struct LogComparison: Equatable, Sendable {
    /// The first difference of one PCR. Behind it nothing can be the same: each value depends on all before it.
    public struct Difference: Equatable, Sendable {
        public enum Kind: String, Sendable {
            /// Other digests: the PCR ends with another value.
            case digest
            /// The same digests under another type or other data: the PCR does not show it.
            case label
            /// Only the first, or only the second log has a further event.
            case onlyFirst = "only-first"
            case onlySecond = "only-second"
            /// PCR 0 starts from another locality.
            case locality
        }

        public let pcr: UInt32
        public let kind: Kind
        /// Place among the extended events of this PCR, from 0.
        public let position: Int
        public let first: Event?
        public let second: Event?
    }

    /// Ascending by PCR; empty where every PCR has the same events.
    public let differences: [Difference]

    /// Compares in the banks that both logs have; nil where they share none.
    public init?(_ first: EventLog, _ second: EventLog) {
        let banks = first.banks.filter { second.banks.contains($0) }
        guard !banks.isEmpty else { return nil }
        let extended = (first.events.filter { $0.isExtended }, second.events.filter { $0.isExtended })
        var differences: [Difference] = []
        if first.startupLocality != second.startupLocality {
            differences.append(Difference(pcr: 0, kind: .locality, position: 0, first: nil, second: nil))
        }
        for pcr in UInt32(0)..<24 where !(pcr == 0 && !differences.isEmpty) {
            let one = extended.0.filter { $0.pcr == pcr }
            let other = extended.1.filter { $0.pcr == pcr }
            for position in 0..<max(one.count, other.count) {
                let pair = (
                    position < one.count ? one[position] : nil, position < other.count ? other[position] : nil
                )
                guard let kind = Self.kind(first, pair.0, second, pair.1, banks) else { continue }
                differences.append(
                    Difference(pcr: pcr, kind: kind, position: position, first: pair.0, second: pair.1))
                break
            }
        }
        self.differences = differences
    }

    private static func kind(
        _ firstLog: EventLog, _ first: Event?, _ secondLog: EventLog, _ second: Event?, _ banks: [DigestBank]
    ) -> Difference.Kind? {
        guard let first else { return .onlySecond }
        guard let second else { return .onlyFirst }
        for bank in banks where firstLog.digest(of: first, in: bank) != secondLog.digest(of: second, in: bank) {
            return .digest
        }
        return first.type != second.type || firstLog.data(of: first) != secondLog.data(of: second) ? .label : nil
    }
}
