internal import ArgumentParser
internal import InitramfsRuntime
internal import JSON

/// `snp-emulator bench`.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure what the emulation costs.",
        discussion: """
            A limit is what the same machine does without the emulation: `openssl speed`, a copy of memory, a hash, a \
            signature; for the start of a guest it is our aim. A chip is made for that, which takes some seconds. Numbers \
            of a debug build mean nothing; the command says so.

            With --json, standard output is one object with an array `measurements`: name, value, unit, limit (what and \
            value) or null, and percent of the limit.
            """)

    @Flag(help: "Print the result as JSON.")
    var json = false

    /// What is measured, in the order that it is printed.
    private enum Subject: CaseIterable {
        case memoryView, reverseMap, launchDigest, report, startUp

        func measure() throws(CommandFailure) -> [Measurement] {
            switch self {
            case .memoryView: try MemoryBench.view()
            case .reverseMap: try MemoryBench.reverseMap()
            case .launchDigest: try LaunchBench.digest()
            case .report: try ReportBench.roundTrip()
            case .startUp: try StartUpBench.exec()
            }
        }
    }

    func run() throws {
        if Self.isDebugBuild { Console.report("snp-emulator: bench: this is a debug build; its numbers mean nothing") }
        try reporting { () throws(CommandFailure) in
            var values: [JSONValue] = []
            for subject in Subject.allCases {
                for measurement in try subject.measure() {
                    if json { values.append(measurement.json) } else { Console.print(measurement.text) }
                }
            }
            if json { Console.print(JSONValue.object([JSONMember("measurements", .array(values))]).compact) }
        }
    }

    private static var isDebugBuild: Bool {
        // Only debug builds evaluate it.
        var isDebug = false
        assert(
            {
                isDebug = true; return true
            }())
        return isDebug
    }
}

/// One number, and what it can be at best.
struct Measurement {
    let name: String
    /// In `unit`.
    let value: Int64
    let unit: String
    var limit: (name: String, value: Int64)?

    /// Of the limit.
    var percent: Int64? { limit.flatMap { $0.value > 0 ? value * 100 / $0.value : nil } }

    var text: String {
        let own = name + ": " + Self.grouped(value) + " " + unit
        guard let limit, let percent else { return own }
        return own + "; " + limit.name + ": " + Self.grouped(limit.value) + " (" + String(percent) + " %)"
    }

    var json: JSONValue {
        .object([
            JSONMember("name", .string(name)), JSONMember("value", .integer(value)), JSONMember("unit", .string(unit)),
            JSONMember(
                "limit",
                limit.map {
                    .object([JSONMember("what", .string($0.name)), JSONMember("value", .integer($0.value))])
                } ?? .null), JSONMember("percent", percent.map { .integer($0) } ?? .null),
        ])
    }

    private static func grouped(_ number: Int64) -> String {
        var digits = Array(String(number).utf8)
        for index in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(0x2C, at: index) }
        return String(decoding: digits, as: UTF8.self)
    }

    /// How many times a second `body` does `amount` of something: the best of five runs of a tenth of a
    /// second of processor time, by which `openssl speed` counts, too.
    static func rate<Failure: Error>(_ amount: Int, _ body: () throws(Failure) -> Void) throws(Failure) -> Int64 {
        var best: Int64 = 0
        for _ in 0..<5 {
            let start = ProcessorTime.microseconds
            var (rounds, elapsed) = (0, 0 as Int64)
            repeat {
                try body()
                rounds += 1
                elapsed = ProcessorTime.microseconds - start
            } while elapsed < 100_000
            best = max(best, Int64(rounds * amount) * 1_000_000 / elapsed)
        }
        return best
    }
}
