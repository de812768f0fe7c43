import Cryptography
import Foundation
import MeasurementLog
import TestSupport
import Testing

@Suite struct MeasurementLogTests {
    private let scratch: Scratch
    private var path: String { scratch.file("log/systemd/tpm2-measure.log") }
    private let record = MeasurementRecord(
        pcr: 15, digests: [.init(.sha1, [UInt8](repeating: 0xAB, count: 20))], text: #"cryptsetup:"ä":x"#,
        eventType: .volumeKey)

    init() throws { scratch = try Scratch() }

    private func append(_ records: [MeasurementRecord]) throws { try MeasurementLog.open(path).finish(with: records) }

    private func mode(_ path: String) throws -> String { try scratch.shell("stat -c %a \(path)") }

    @Test func writesTheRecordsThatSystemdWrites() throws {
        try append([record])
        let bytes = try scratch.bytes("log/systemd/tpm2-measure.log")
        #expect(bytes.first == 0x1E)
        #expect(bytes.last == 0x0A)
        let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        let entry = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(entry["pcr"] as? Int == 15)
        #expect(entry["content_type"] as? String == "systemd")
        let digests = try #require(entry["digests"] as? [[String: String]])
        #expect(digests == [["hashAlg": "sha1", "digest": String(repeating: "ab", count: 20)]])
        let content = try #require(entry["content"] as? [String: Any])
        #expect(content["string"] as? String == #"cryptsetup:"ä":x"#)
        #expect(content["eventType"] as? String == "volume-key")
        let bootID = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        #expect(content["bootId"] as? String == bootID.replacing("-", with: "").trimmingCharacters(in: .newlines))
        let uptime = try String(contentsOfFile: "/proc/uptime", encoding: .utf8).split(separator: " ")[0]
        let now = try #require(Double(uptime)) * 1e6
        let timestamp = try #require(content["timestamp"] as? Double)
        #expect(timestamp > 0 && timestamp <= now + 1e6 && timestamp > now - 60e6)
    }

    @Test func appendsAndIsForItsOwnerOnly() throws {
        try append([record])
        try append([record, record])
        #expect(try MeasurementReplay.values(ofLogAt: path).keys.sorted() == ["sha1:15"])
        #expect(try scratch.bytes("log/systemd/tpm2-measure.log").count { $0 == 0x1E } == 3)
        #expect(try mode("log/systemd/tpm2-measure.log") == "600")
        #expect(try mode("log/systemd") == "755")
        #expect(try mode("log") == "755")
    }

    @Test func isMarkedWhileItIsOpenAndStaysSoWithoutARecord() throws {
        do {
            let log = try MeasurementLog.open(path)
            #expect(try mode("log/systemd/tpm2-measure.log") == "1600")
            try log.finish(with: [])
        }
        #expect(try mode("log/systemd/tpm2-measure.log") == "600")
        do { _ = try MeasurementLog.open(path) }
        #expect(try mode("log/systemd/tpm2-measure.log") == "1600")
        #expect(throws: MeasurementLogError.unfinished(path)) { try append([record]) }
        #expect(try scratch.bytes("log/systemd/tpm2-measure.log").isEmpty)
    }

    /// flock(1) is another program that reads, as systemd-pcrlock does. It is ended by a signal: the end of its pipe may be
    /// open in programs that other tests started meanwhile.
    @Test func waitsForAReaderButNotForEver() throws {
        try append([record])
        let reader = Process()
        let lifeline = Pipe()
        reader.executableURL = URL(filePath: "/usr/bin/flock")
        reader.arguments = ["-F", "-s", path, "sh", "-c", "touch \(scratch.file("held")); exec cat"]
        reader.standardInput = lifeline
        try reader.run()
        while !scratch.exists("held") { Thread.sleep(forTimeInterval: 0.01) }
        let start = Date.now
        #expect(throws: MeasurementLogError.self) { try append([record]) }
        #expect(Date.now.timeIntervalSince(start) > 1.9)
        // One that lets go meanwhile is waited for.
        let number = reader.processIdentifier
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.3)
            kill(number, SIGTERM)
        }
        try append([record])
        #expect(try scratch.bytes("log/systemd/tpm2-measure.log").count { $0 == 0x1E } == 2)
        reader.waitUntilExit()
    }

    @Test(arguments: ["ln -s /dev/null", "ln -s elsewhere", "mkfifo", "mkdir"])
    func whatIsNoFileIsLeftAlone(_ command: String) throws {
        try scratch.shell("mkdir -p log/systemd; \(command) log/systemd/tpm2-measure.log")
        #expect(throws: MeasurementLogError.self) { try append([record]) }
        #expect(!scratch.exists("log/systemd/elsewhere"))
    }

    @Test func aFolderThatCannotBeMadeIsAnError() throws {
        try scratch.write([], to: "log")
        let error = #expect(throws: MeasurementLogError.self) { try append([record]) }
        #expect(error?.description.contains(scratch.file("log")) == true)
    }
}
