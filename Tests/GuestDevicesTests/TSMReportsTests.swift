import Foundation
import GuestDevices
import InitramfsRuntime
import SNPABI
import TestSupport
import Testing

/// configfs as Linux models it, in memory: a folder is a session with its attributes, each write counts.
private final class ModelFiles: AttributeFiles, @unchecked Sendable {
    var report = (0..<1184).map { UInt8(truncatingIfNeeded: $0) }
    var certificates: [UInt8] = [9, 9]
    var manifest: [UInt8] = [1, 2, 3]
    /// Error numbers for the next reads of `outblob`, in this order; 0 passes.
    var readErrors: [Int32] = []
    /// The next sessions that somebody else writes into, in the middle.
    var intrusions = 0
    /// Attributes that this kernel has not.
    var missing: Set<String> = []
    /// privlevel_floor; nil for a kernel that has none.
    var floor: String?
    /// Names of folders that are taken.
    var takenNames = 0

    private(set) var sessions: Set<String> = []
    private(set) var sessionCount = 0
    private(set) var writes: [(name: String, bytes: [UInt8])] = []
    private var generation = 0

    func makeFolder(_ path: String) throws(FileError) {
        guard takenNames == 0 else {
            takenNames -= 1
            throw FileError(.create, path, errno: 17)
        }
        sessions.insert(path)
        sessionCount += 1
        generation = 0
        writes = []
    }

    func removeFolder(_ path: String) { sessions.remove(path) }

    func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        try check(path)
        writes.append((name(path), bytes))
        generation += 1
    }

    func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        try check(path)
        switch name(path) {
        case "generation": return Array("\(generation)\n".utf8)
        case "outblob":
            let error = readErrors.isEmpty ? 0 : readErrors.removeFirst()
            guard error == 0 else { throw FileError(.read, path, errno: error) }
            if intrusions > 0 {
                intrusions -= 1
                generation += 1
            }
            return report
        case "auxblob": return certificates
        case "privlevel_floor" where floor != nil: return Array((floor ?? "").utf8)
        case "manifestblob": return manifest
        default: throw FileError(.open, path, errno: 2)
        }
    }

    private func name(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    private func check(_ path: String) throws(FileError) {
        let session = path.split(separator: "/").dropLast().joined(separator: "/")
        guard sessions.contains("/" + session), !missing.contains(name(path)) else {
            throw FileError(.open, path, errno: 2)
        }
    }
}

private let service = TSMRequest.Service(provider: "svsm", guid: "c476f1eb-0123-45a5-9641-b4e7dde5bfe3")
private let input = [UInt8](repeating: 5, count: 64)

@Suite struct TSMReportsTests {
    private func run(
        _ files: ModelFiles, _ request: TSMRequest, milliseconds: Int64 = 5000
    ) -> Result<RawReport, GuestDeviceError> {
        do throws(GuestDeviceError) {
            let reports = TSMReports(folder: "/tsm/report", files: files, milliseconds: milliseconds)
            return .success(try reports.report(request))
        } catch { return .failure(error) }
    }

    @Test func readsWhatAnSVSMVouchesFor() {
        let files = ModelFiles()
        let expected = RawReport(report: files.report, certificateTable: [9, 9], manifest: [1, 2, 3])
        #expect(run(files, TSMRequest(input: input, service: service)) == .success(expected))
        let written = files.writes.map { $0.name + "=" + String(decoding: $0.bytes, as: UTF8.self) }
        #expect(
            written.dropLast() == [
                "service_provider=svsm", "service_guid=c476f1eb-0123-45a5-9641-b4e7dde5bfe3",
                "service_manifest_version=0",
            ])
        #expect(files.writes.last?.name == "inblob")
        #expect(files.writes.last?.bytes == input)
        #expect(files.sessions.isEmpty)
    }

    @Test func readsAReportOfTheGuestItself() {
        let files = ModelFiles()
        files.certificates = []
        // A kernel at VMPL 0 has no such attribute.
        files.missing = ["manifestblob"]
        let found = run(files, TSMRequest(input: input, privilegeLevel: 1))
        #expect(found == .success(RawReport(report: files.report)))
        #expect(files.writes.map(\.name) == ["privlevel", "inblob"])
    }

    /// A kernel above an SVSM may not ask for level 0, which is what it takes for none.
    @Test func asksForTheKernelsOwnLevelWhereNoneIsWanted() throws {
        let files = ModelFiles()
        files.floor = "2\n"
        #expect(try run(files, TSMRequest(input: input)).get().report == files.report)
        #expect(files.writes.first.map { $0.name + "=" + String(decoding: $0.bytes, as: UTF8.self) } == "privlevel=2")
        _ = try run(files, TSMRequest(input: input, service: service)).get()
        #expect(!files.writes.contains { $0.name == "privlevel" })
    }

    @Test(arguments: [[16], [11], [4, 16, 11]] as [[Int32]])
    func triesAgainWhereTheKernelIsBusy(_ errors: [Int32]) throws {
        let files = ModelFiles()
        files.readErrors = errors
        #expect(try run(files, TSMRequest(input: input)).get().report == files.report)
        #expect(files.sessionCount == errors.count + 1)
        #expect(files.sessions.isEmpty)
    }

    @Test func triesAgainWhereSomebodyElseWrote() throws {
        let files = ModelFiles()
        files.intrusions = 2
        #expect(try run(files, TSMRequest(input: input)).get().report == files.report)
        #expect(files.sessionCount == 3)
    }

    @Test func doesNotTryForEver() {
        let (disturbed, busy) = (ModelFiles(), ModelFiles())
        disturbed.intrusions = .max
        busy.readErrors = [Int32](repeating: 16, count: 1000)
        for files in [disturbed, busy] {
            let found = run(files, TSMRequest(input: input), milliseconds: 60)
            #expect(found == .failure(.interference("/tsm/report")))
            #expect(files.sessionCount > 2)
            #expect(files.sessions.isEmpty)
        }
    }

    @Test func refusesAReportThatWasCut() {
        let files = ModelFiles()
        let whole = files.report
        for length in stride(from: 0, to: 1184, by: 37) {
            files.report = Array(whole.prefix(length))
            guard case .failure = run(files, TSMRequest(input: input)) else {
                Issue.record("took \(length) bytes")
                continue
            }
            #expect(files.sessions.isEmpty)
        }
        files.report = whole + [0]
        guard case .failure(let error) = run(files, TSMRequest(input: input)) else {
            Issue.record("took a byte too many")
            return
        }
        #expect(error.isMalformed)
    }

    @Test func refusesAnEmptyManifest() {
        let files = ModelFiles()
        files.manifest = []
        guard case .failure(.file(let error)) = run(files, TSMRequest(input: input, service: service)) else {
            Issue.record("took nothing for a manifest")
            return
        }
        #expect(error.path.hasSuffix("/manifestblob"))
    }

    @Test func takesAnotherNameWhereOneIsTaken() throws {
        let files = ModelFiles()
        files.takenNames = 3
        #expect(try run(files, TSMRequest(input: input)).get().report == files.report)
    }

    @Test func tellsThatTheKernelHasNoServices() {
        let files = ModelFiles()
        files.missing = ["service_provider"]
        guard case .failure(let error) = run(files, TSMRequest(input: input, service: service)) else {
            Issue.record("asked nobody")
            return
        }
        #expect(error.isMissing)
        #expect(files.sessions.isEmpty)
    }

    // MARK: The kernel's files

    @Test func tellsThatThereIsNoConfigfs() {
        let reports = TSMReports(folder: "/sys/kernel/config/none/report", files: KernelFiles())
        var caught: GuestDeviceError?
        do throws(GuestDeviceError) { _ = try reports.report(TSMRequest(input: input)) } catch { caught = error }
        #expect(caught?.isMissing == true)
    }

    @Test func writesAndReadsFilesAsTheyAre() throws {
        let scratch = try Scratch()
        let files = KernelFiles()
        try files.makeFolder(scratch.file("session"))
        #expect(throws: FileError(.create, scratch.file("session"), errno: 17)) {
            try files.makeFolder(scratch.file("session"))
        }
        let path = scratch.file("session/inblob")
        #expect(throws: FileError(.open, path, errno: 2)) { try files.write([1], to: path) }
        try scratch.write([8, 8, 8, 8], to: "session/inblob")
        // Attributes that one may only write cannot be opened for reading, not even by root in configfs.
        try scratch.shell("chmod 200 session/inblob")
        try files.write([1, 2], to: path)
        #expect(try scratch.bytes("session/inblob") == [1, 2])
        #expect(throws: FileError(.limit, path, errno: 0)) { try files.read(path, limit: 1) }
        files.removeFolder(scratch.file("session"))
        #expect(scratch.exists("session"))
        try scratch.shell("rm session/inblob")
        files.removeFolder(scratch.file("session"))
        #expect(!scratch.exists("session"))
    }
}
