import BoundedBytes
import Cryptography
import EventLog

enum EventLogTargets {
    static let eventLog: Fuzz.Target = { input in
        let log = try EventLog(parsing: input)
        // Records lie end to end, and nothing but padding is behind them.
        var end = 0
        for (index, event) in log.events.enumerated() {
            demand(event.index == index && event.offset == end, "each record begins where the last one ended")
            demand(event.offset < event.data.lowerBound, "data lie in their record")
            end = event.data.upperBound
            for bank in log.banks {
                guard let digest = log.digest(of: event, in: bank) else { continue }
                demand(digest.count == bank.byteCount && digest.endIndex <= end, "digests lie in their record")
            }
            demandRanges(log.content(of: event), in: event, of: log)
        }
        demand(log.padding == end..<input.count, "records and padding are the whole input")
        demand(input[log.padding].allSatisfy { $0 == input[end] && ($0 == 0 || $0 == 0xFF) }, "padding is uniform")

        try demand(log.consistencies().count == log.events.count, "each event has a verdict")
        let banks = try log.replay()
        try demand(log.replay() == banks, "a replay is the same each time")
        for bank in banks {
            demand(bank.pcrs.allSatisfy { $0.value.count == bank.bank.byteCount }, "PCRs are as long as digests")
            demand(bank.pcrs.map(\.index) == bank.pcrs.map(\.index).sorted(), "PCRs ascend")
        }
        demand(LogComparison(log, log)?.differences == [], "a log is like itself")

        // Zeros at the end of the last records may look like padding once the rest is gone.
        let shorter = succeed("a log without its padding is a log") { try EventLog(parsing: Array(input[..<end])) }
        demand(shorter.events == Array(log.events.prefix(shorter.events.count)), "padding changes no record")
    }

    private static func demandRanges(_ content: EventContent, in event: Event, of log: EventLog) {
        func demandInside(_ range: Range<Int>) {
            let isInside = event.data.lowerBound <= range.lowerBound && range.upperBound <= event.data.upperBound
            demand(isInside, "what is found in an event lies in its data")
        }
        switch content {
        case .variable(let variable):
            demandInside(variable.value)
            guard let option = log.loadOption(in: variable) else { return }
            demandInside(option.optionalData)
            demand(option.path.description.isEmpty == option.path.nodes.isEmpty, "a path shows its nodes")
        case .image(let image):
            demand(image.path.description.isEmpty == image.path.nodes.isEmpty, "a path shows its nodes")
        case .grubText(_, let range), .tag(_, let range): demandInside(range)
        case .malformed(let error): demand(!error.description.isEmpty, "an error has words")
        default: return
        }
    }
}
