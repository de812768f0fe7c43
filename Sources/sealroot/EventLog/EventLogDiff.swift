internal import ArgumentParser
internal import BoundedBytes
internal import EventLog
internal import InitramfsRuntime
internal import JSON

struct EventLogDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Name, for each PCR, the first event in which two logs differ.",
        discussion: "Exit code 0 says that the logs were compared, not that they are the same.")

    @Argument(help: "The first log.", completion: .file())
    var file: String

    @Argument(help: "The second log.", completion: .file())
    var file2: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let first = try EventLog.read(file)
            let second = try EventLog.read(file2)
            guard let comparison = LogComparison(first, second) else {
                throw CommandFailure(code: .malformed, area: "eventlog", detail: "the logs have no bank in common")
            }
            if json {
                let differences = comparison.differences.map { Self.object($0, first, second) }
                Console.print(JSONValue.object([JSONMember("differences", .array(differences))]).compact)
            } else if comparison.differences.isEmpty {
                Console.print("every PCR has the same events")
            } else {
                for difference in comparison.differences { Self.show(difference, first, second) }
            }
        }
    }

    private static func show(_ difference: LogComparison.Difference, _ first: EventLog, _ second: EventLog) {
        let what =
            switch difference.kind {
            case .digest: "event \(difference.position) differs"
            case .label: "event \(difference.position) has the same digest, but another type or other data"
            case .onlyFirst: "event \(difference.position) is only in the first log"
            case .onlySecond: "event \(difference.position) is only in the second log"
            case .locality: "startup locality \(first.startupLocality), then \(second.startupLocality)"
            }
        Console.print("PCR \(difference.pcr): " + what)
        for (sign, log, event) in [("-", first, difference.first), ("+", second, difference.second)] {
            guard let event else { continue }
            Console.print("  " + sign + " " + event.type.description + " " + EventDescription(log, event).line)
            for bank in log.banks {
                guard let digest = log.digest(of: event, in: bank) else { continue }
                Console.print("      " + bank.name + " " + Hexadecimal.encode(digest))
            }
        }
    }

    private static func object(
        _ difference: LogComparison.Difference, _ first: EventLog, _ second: EventLog
    ) -> JSONValue {
        .object([
            JSONMember("pcr", .integer(Int64(difference.pcr))), JSONMember("kind", .string(difference.kind.rawValue)),
            JSONMember("position", .integer(Int64(difference.position))),
            JSONMember("first", difference.first.map { EventDescription(first, $0).json(nil) } ?? .null),
            JSONMember("second", difference.second.map { EventDescription(second, $0).json(nil) } ?? .null),
        ])
    }
}
