import EventLog
import Foundation
import JSON
import TestSupport
import Testing

/// `sealroot eventlog` as a script sees it.
@Suite(.enabled(if: SharedData.isPresent)) struct EventLogCommandTests {
    private func eventlog(_ arguments: String...) throws -> CommandResult {
        try Command.run([Scratch.product("sealroot").path, "eventlog"] + arguments)
    }

    private func path(_ name: String) -> String {
        SharedData.folder?.appending(path: "eventlog/\(name).bin").path() ?? ""
    }

    @Test func replayPrintsTheContractsObject() throws {
        let result = try eventlog("replay", path("ubuntu-2404-amd-sevsnp"))
        #expect(result.status == 0)
        let expected = try SampleLogs.expected("ubuntu-2404-amd-sevsnp")
        #expect(try JSONValue(parsing: result.output) == expected["replayed_pcrs_by_collector"])
    }

    @Test func showPrintsALineAnEventAndAnObjectAnEvent() throws {
        let text = try eventlog("show", path("ubuntu-2404-amd-sevsnp")).text
        #expect(text.contains("PCR 8 EV_IPL [consistent: grub-text] "))
        let object = try JSONValue(parsing: try eventlog("show", "--json", path("ubuntu-2404-amd-sevsnp")).output)
        let events = try #require(object["events"]?.array)
        #expect(events.count == 117)
        #expect(object["format"] == .string("crypto-agile"))
        let options = try #require(events.first { $0["kind"] == .string("linux-load-options") })
        #expect(options["pcr"] == .integer(9))
        #expect(options["consistency"] == .string("not-derivable"))
    }

    /// A megabyte of control characters, of which JSON would make six.
    @Test func showCutsTextThatNoLoaderWrites() throws {
        var builder = LogBuilder()
        let text = [UInt8](repeating: 1, count: 1 << 20)
        builder.old(pcr: 8, .ipl, [UInt8](repeating: 7, count: 20), Array("grub_cmd: ".utf8) + text + [0])
        let scratch = try Scratch()
        try scratch.write(builder.bytes, to: "log")
        let object = try JSONValue(parsing: try eventlog("show", "--json", scratch.file("log")).output)
        let shown = try #require(object["events"]?.array?.first?["text"]?.string)
        #expect(shown == String(repeating: "\u{1}", count: 1 << 16) + "...")
    }

    @Test func diffNamesTheFirstEventThatDiffersInEachPCR() throws {
        let log = try SampleLogs.log("cos-101-amd-sev")
        let scratch = try Scratch()
        var bytes = log.bytes
        let event = try #require(log.events.first { $0.pcr == 8 })
        let digest = try #require(log.digest(of: event, in: log.banks[0]))
        bytes[digest.startIndex] ^= 1
        try scratch.write(bytes, to: "other")
        let other = scratch.file("other")
        let object = try JSONValue(parsing: try eventlog("diff", "--json", path("cos-101-amd-sev"), other).output)
        let differences = try #require(object["differences"]?.array)
        #expect(differences.map { $0["pcr"] } == [.integer(8)])
        #expect(differences[0]["kind"] == .string("digest"))
        #expect(differences[0]["first"]?["index"] == .integer(Int64(event.index)))
        let words = try eventlog("diff", path("cos-101-amd-sev"), other).text
        #expect(words.hasPrefix("PCR 8: event 0 differs\n  - EV_IPL "))
        let same = try eventlog("diff", other, other)
        #expect(same.text == "every PCR has the same events")
    }

    @Test func aMissingFileIs66AndAMalformedOne65WithItsOffset() throws {
        let missing = try eventlog("show", "/nonexistent", "--json")
        #expect(missing.status == 66)
        #expect(try JSONValue(parsing: missing.output)["reason"] == .string("missing"))
        let scratch = try Scratch()
        try scratch.write(Array(try SampleLogs.bytes("debian-10").prefix(1000)), to: "cut")
        for command in ["show", "replay"] {
            let result = try eventlog(command, scratch.file("cut"))
            #expect(result.status == 65)
            #expect(result.errorText.hasPrefix("sealroot: eventlog: malformed: \(scratch.file("cut")): offset "))
        }
        let none = try eventlog("diff", path("debian-10"), path("ibmtss-hp1"))
        #expect(none.status == 65)
        #expect(none.errorText.contains("the logs have no bank in common"))
    }
}
