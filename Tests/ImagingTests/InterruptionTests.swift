import Foundation
import Imaging
import InitramfsRuntime
import TestSupport
import Testing

/// The built program, killed at every boundary of its work and anywhere between.
///
/// Nothing in the program helps: the moment is chosen by watching the files of the work folder.
@Suite(.serialized) struct InterruptionTests {
    /// What the watcher waits for before it kills.
    enum Moment: String, CaseIterable {
        case folder, copy, tools, header, preparing, delivering, key, writing, finished
    }

    private func start(_ image: RootImage, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = Scratch.product("sealroot")
        process.arguments = ["encrypt-image", image.path] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func key(_ image: RootImage) -> [String] { ["--recovery-key-out", image.scratch.file("key")] }

    /// The phase that the journal beside `target` names; empty where there is none.
    private func phase(_ image: RootImage, _ target: String) -> String {
        let journal = try? String(
            contentsOfFile: image.scratch.file(target + ".sealroot/journal.json"), encoding: .utf8)
        let match = try? journal.flatMap { try /"phase":"([a-z]+)"/.firstMatch(in: $0) }
        return match.map { String($0.1) } ?? ""
    }

    private func hasCome(_ moment: Moment, _ image: RootImage, _ target: String) -> Bool {
        let folder = target + ".sealroot"
        return switch moment {
        case .folder: image.scratch.exists(folder)
        case .copy: image.scratch.exists(folder + "/partition")
        case .tools: image.scratch.exists(folder + "/output")
        case .header: image.scratch.exists(folder + "/header")
        case .key: image.scratch.exists("key")
        default: phase(image, target) == moment.rawValue
        }
    }

    /// Runs until `moment`, kills, and returns the phase that the journal is left with; nil where the
    /// run was over first.
    private func kill(
        _ image: RootImage, _ arguments: [String], target: String = "disk.img", when isReached: () -> Bool
    ) throws -> String? {
        let process = try start(image, arguments)
        while process.isRunning, !isReached() { usleep(100) }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        guard image.scratch.exists(target + ".sealroot") else { return nil }
        return phase(image, target)
    }

    /// The promise: the original is intact, or `--resume` finishes; and whatever happened, `--resume` ends
    /// with an image that the key opens.
    private func requireRecovery(
        _ image: RootImage, _ before: String, _ phase: String?, mebibytes: Int = 64
    ) throws {
        if let phase {
            if !["writing", "finished"].contains(phase) { #expect(try image.digest() == before, "in \(phase)") }
            // Without a journal nothing is known of the first run's options.
            let process = try start(image, ["--resume"] + (phase.isEmpty ? key(image) : []))
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "resumed from \(phase)")
        } else if try image.digest() == before {
            // Killed before it had begun: there is nothing to resume.
            let process = try start(image, key(image))
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        try image.requireSameFiles(mebibytes: mebibytes)
        #expect(try image.scratch.shell("ls") == "disk.img\nkey\ntree")
    }

    @Test(arguments: Moment.allCases) func finishesAfterAKillAt(_ moment: Moment) throws {
        let image = try RootImage(rootMebibytes: 64)
        let before = try image.digest()
        let phase = try kill(image, key(image)) { hasCome(moment, image, "disk.img") }
        try requireRecovery(image, before, phase)
    }

    /// Kills spread over the time that an undisturbed run takes here. `finishesAfterAKillAt` sees to it that every
    /// phase is met.
    @Test func finishesAfterAKillAtAnyTime() throws {
        let start = Date()
        let undisturbed = try RootImage(rootMebibytes: 64)
        let process = try self.start(undisturbed, key(undisturbed))
        process.waitUntilExit()
        let duration = Date().timeIntervalSince(start)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<10 {
            let image = try RootImage(rootMebibytes: 64)
            let before = try image.digest()
            let deadline = Date(timeIntervalSinceNow: Double.random(in: 0...duration, using: &generator))
            let phase = try kill(image, key(image)) { Date() >= deadline }
            try requireRecovery(image, before, phase)
        }
    }

    /// In the middle of the write, again and again, also with a new table at the end of a larger image.
    @Test func finishesAfterSeveralKillsInTheWriteOfAGrownImage() throws {
        let image = try RootImage(rootMebibytes: 64, fill: 52)
        let before = try image.digest()
        var phase = try kill(image, key(image)) { hasCome(.writing, image, "disk.img") }
        for _ in 0..<3 where phase == "writing" {
            let deadline = Date(timeIntervalSinceNow: 0.03)
            phase = try kill(image, ["--resume"]) { Date() >= deadline }
        }
        try requireRecovery(image, before, phase, mebibytes: 80)
        #expect(try image.scratch.shell("sfdisk --verify disk.img 2>&1").contains("No errors detected"))
    }

    @Test func leavesTheOriginalAloneWhenKilledWhileItMakesANewImage() throws {
        for moment in [Moment.copy, .header, .key, .writing, .finished] {
            let image = try RootImage(rootMebibytes: 64)
            let before = try image.digest()
            let out = ["--out", image.scratch.file("new.img")]
            let phase = try kill(image, out + key(image), target: "new.img") { hasCome(moment, image, "new.img") }
            #expect(try image.digest() == before)
            if phase != nil {
                let process = try start(image, ["--resume"] + out + (phase?.isEmpty == true ? key(image) : []))
                process.waitUntilExit()
                #expect(process.terminationStatus == 0)
            }
            #expect(try image.digest() == before)
            try image.requireSameFiles(in: "new.img")
            #expect(try image.scratch.shell("ls") == "disk.img\nkey\nnew.img\ntree")
        }
    }

    @Test func takesNoOtherFileForItsOwnNewImage() throws {
        let image = try RootImage(rootMebibytes: 64)
        let out = ["--out", image.scratch.file("new.img")]
        let phase = try kill(image, out + key(image), target: "new.img") { hasCome(.writing, image, "new.img") }
        #expect(phase == "writing")
        try image.scratch.shell("rm -f new.img.sealroot/image; echo other > new.img")
        let taken = ImagingError.cutOff(.exists(image.scratch.file("new.img")))
        #expect(throws: taken) { try image.encrypt(output: "new.img", isResumed: true) }
        try image.scratch.shell("rm new.img")
        try image.encrypt(output: "new.img", isResumed: true)
        try image.requireSameFiles(in: "new.img")
    }

    @Test(arguments: [SIGINT, SIGTERM]) func tidiesUpWhenItIsInterruptedBeforeTheWrite(_ signal: Int32) throws {
        let image = try RootImage(rootMebibytes: 64)
        let before = try image.digest()
        let process = try start(image, key(image))
        while process.isRunning, !hasCome(.header, image, "disk.img") { usleep(100) }
        Foundation.kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 74)
        #expect(try image.digest() == before)
        #expect(try image.scratch.shell("ls") == "disk.img\ntree")
    }

    @Test func asksForResumeWhereAWorkFolderIsLeft() throws {
        let image = try RootImage(rootMebibytes: 64)
        let folder = image.path + ".sealroot"
        #expect(try kill(image, key(image)) { hasCome(.header, image, "disk.img") } == "preparing")
        #expect(throws: ImagingError.unfinished(folder: folder, isImageTouched: false)) { try image.encrypt() }
        // As the message says: the folder may also be removed.
        try image.scratch.shell("rm -r disk.img.sealroot")
        #expect(try kill(image, key(image)) { hasCome(.writing, image, "disk.img") } == "writing")
        #expect(throws: ImagingError.unfinished(folder: folder, isImageTouched: true)) { try image.encrypt() }
        try image.encrypt(isResumed: true)
        try image.requireSameFiles()
    }

    @Test func resumesOnlyTheImageThatItBeganWith() throws {
        let image = try RootImage(rootMebibytes: 64)
        let other = try RootImage(rootMebibytes: 64)
        #expect(try kill(image, key(image)) { hasCome(.writing, image, "disk.img") } == "writing")
        try image.scratch.shell("cp '\(other.path)' disk.img")
        let before = try image.digest()
        #expect(throws: ImagingError.imageChanged(image.path)) { try image.encrypt(isResumed: true) }
        #expect(try image.digest() == before)
    }

    @Test(arguments: ["", "{", "{}", #"{"version":2,"phase":"writing"}"#, "[]"])
    func refusesAJournalThatItDidNotWrite(_ text: String) throws {
        let image = try RootImage(rootMebibytes: 64)
        let before = try image.digest()
        try image.scratch.shell("mkdir disk.img.sealroot; printf '%s' '\(text)' > disk.img.sealroot/journal.json")
        do throws(ImagingError) {
            try image.encrypt(isResumed: true)
            Issue.record("a run went on from \(text)")
        } catch {
            guard case .journal = error else { throw error }
            #expect(error.exitCode == .malformed)
        }
        #expect(try image.digest() == before)
    }
}
