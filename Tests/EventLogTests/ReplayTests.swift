import BoundedBytes
import EventLog
import JSON
import TestSupport
import Testing

/// Replays of real logs, beside the PCRs of the machines they are from.
@Suite(.enabled(if: SharedData.isPresent)) struct ReplayTests {
    @Test(arguments: SampleLogs.names) func givesThePCRsThatOthersHave(_ name: String) throws {
        let expected = try SampleLogs.expected(name)
        let replayed = try SampleLogs.log(name).replay()
        var values: [String: [String: String]] = [:]
        for bank in replayed where !bank.pcrs.isEmpty {
            for pcr in bank.pcrs {
                values[bank.bank.name, default: [:]][String(pcr.index)] = Hexadecimal.encode(pcr.value)
            }
        }
        #expect(values == Self.values(expected["replayed_pcrs_by_collector"]))
        // What the machine itself said is worth more, and has PCRs that the log does not extend.
        for (bank, pcrs) in Self.values(expected["independently_known_pcrs"]?["values"]) {
            for (index, value) in pcrs where values[bank]?[index] != nil { #expect(values[bank]?[index] == value) }
        }
    }

    @Test func mostOfTheSamplesHavePCRsFromElsewhere() throws {
        let independent = try SampleLogs.names.filter {
            try SampleLogs.expected($0)["independently_known_pcrs"]?["values"] != nil
        }
        #expect(SampleLogs.names.count == 39)
        #expect(independent.count == 17)
    }

    @Test(arguments: SampleLogs.names) func agreesOnTheShapeOfTheLog(_ name: String) throws {
        let expected = try SampleLogs.expected(name)
        let log = try SampleLogs.log(name)
        #expect(log.format == (expected["format"]?.string == "crypto-agile" ? .cryptoAgile : .sha1Only))
        #expect(log.banks.map(\.name) == expected["algs"]?.array?.compactMap(\.string))
        #expect(Int64(log.startupLocality) == expected["startup_locality"]?.integer ?? 0)
        // The collector took Windows' record of its key, which belongs to no PCR, for padding.
        let events = log.events.filter { $0.pcr != Event.unboundPCR }
        #expect(Int64(events.count) == expected["event_count"]?.integer)
        let end = events.last?.data.upperBound ?? 0
        #expect(Int64(log.bytes.count - end) == expected["trailing_bytes"]?.integer)
    }

    private static func values(_ object: JSONValue?) -> [String: [String: String]] {
        var values: [String: [String: String]] = [:]
        for bank in object?.members ?? [] {
            for pcr in bank.value.members ?? [] { values[bank.name, default: [:]][pcr.name] = pcr.value.string }
        }
        return values
    }
}
