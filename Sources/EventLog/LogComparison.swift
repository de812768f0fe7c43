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
        let places = (Self.places(first), Self.places(second))
        var differences: [Difference] = []
        if first.startupLocality != second.startupLocality {
            differences.append(Difference(pcr: 0, kind: .locality, position: 0, first: nil, second: nil))
        }
        for pcr in 0..<24 where !(pcr == 0 && !differences.isEmpty) {
            let (one, other) = (places.0[pcr], places.1[pcr])
            for position in 0..<max(one.count, other.count) {
                let pair = (
                    position < one.count ? first.events[one[position]] : nil,
                    position < other.count ? second.events[other[position]] : nil
                )
                guard let kind = Self.kind(first, pair.0, second, pair.1, banks) else { continue }
                differences.append(
                    Difference(pcr: UInt32(pcr), kind: kind, position: position, first: pair.0, second: pair.1))
                break
            }
        }
        self.differences = differences
    }

    /// For each PCR the places of the events that extend it. Copies of the events would take ten times as much.
    private static func places(_ log: EventLog) -> [[Int]] {
        var places = [[Int]](repeating: [], count: 24)
        for event in log.events where event.isExtended { places[Int(event.pcr)].append(event.index) }
        return places
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
