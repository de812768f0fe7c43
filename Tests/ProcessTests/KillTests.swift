import Foundation
import TestSupport
import Testing

/// Each command, killed at each change that it makes, at each TPM command that it sends, and anywhere between: the volume
/// opens the old way or the new way, and the command can be run again.
@Suite struct KillTests {
    /// Kills at a time, over all commands; each command gets its share.
    private static let randomKills = 200

    /// The same machine again and again, as the command finds it.
    private final class Stage {
        let killCase: KillCase
        let machine: Machine

        init(_ killCase: KillCase) throws {
            self.killCase = killCase
            machine = try killCase.prepare()
            machine.tpm.stop()
        }

        /// Runs a copy until `point`, and sees what is left.
        ///
        /// - Returns: false where the command was over before it came to `point`.
        func survives(_ point: KillPoint, _ note: String = "") throws -> Bool {
            let copy = try Machine(copying: machine)
            let ending = try run(on: copy, until: point)
            if killCase.usesTPM { try copy.reboot() }
            let comment = Comment(rawValue: "\(killCase.testDescription) killed at \(point) \(note)")
            try requirePassphrase(of: copy, comment)
            switch ending {
            case .completed(let result):
                #expect(result.status == 0, "\(comment.rawValue): \(result.errorText)")
                try expect([killCase.after], of: copy, comment)
            case .killed:
                try expect([killCase.before, killCase.after], of: copy, comment, between: killCase.between)
                try finish(copy, comment)
            }
            if case .completed = ending { return false }
            return true
        }

        /// How long the command takes when nobody kills it, in microseconds.
        func duration() throws -> Int {
            let copy = try Machine(copying: machine)
            let start = Date()
            _ = try run(on: copy, until: .time(60_000_000))
            return Int(Date().timeIntervalSince(start) * 1_000_000)
        }

        private func run(on copy: Machine, until point: KillPoint) throws -> Command.Ending {
            let interposer = try Interposer(before: copy.tpm, killingAt: point)
            let arguments = [Scratch.product("sealroot").path] + self.arguments(copy, tcti: interposer.tcti)
            return try Command.run(arguments, until: point, files: [copy.volume.path, copy.stateFolder])
        }

        private func arguments(_ copy: Machine, tcti: String) -> [String] {
            killCase.arguments(copy) + (killCase.usesTPM ? ["--tcti", tcti, "--state", copy.stateFolder] : [])
        }

        /// cryptsetup repairs what it opens, so it gets a volume of its own.
        private func requirePassphrase(of machine: Machine, _ comment: Comment) throws {
            let volume = try VolumeFile(copying: machine.volume)
            let open = ["open", "--test-passphrase", "--key-file", volume.keyFile, volume.path]
            let result = try Command.run(["/usr/sbin/cryptsetup", "--batch-mode"] + open)
            try #require(result.status == 0, "\(comment.rawValue): \(result.errorText)")
        }

        private func expect(
            _ states: [KillCase.Unlock], of copy: Machine, _ comment: Comment,
            between: [(code: Int32, text: String)] = []
        ) throws {
            let allowed: [(code: Int32, text: String)] =
                between
                + states.map {
                    switch $0 {
                    case .opens: (0, "volume: verified")
                    case .notEnrolled: (79, "no sealroot token")
                    }
                }
            let result = try copy.unlock()
            #expect(
                allowed.contains { $0.code == result.status && result.errorText.contains($0.text) },
                "\(comment.rawValue): unlock ended with \(result.status): \(result.errorText)")
        }

        /// The command again, undisturbed: the work is done then.
        private func finish(_ copy: Machine, _ comment: Comment) throws {
            let result = try copy.sealroot(arguments(copy, tcti: copy.tpm.tcti))
            let isDone = killCase.whereDone.map { result.status == 79 && result.errorText.contains($0) } ?? false
            #expect(
                result.status == 0 || isDone,
                "\(comment.rawValue), then run again: \(result.status): \(result.errorText)")
            try expect([killCase.after], of: copy, comment)
            try requirePassphrase(of: copy, comment)
            try killCase.check(copy)
        }
    }

    @Test(arguments: KillCase.all) func survivesAKillBeforeEachChange(_ killCase: KillCase) throws {
        let stage = try Stage(killCase)
        var number = 1
        while try stage.survives(.change(number)) { number += 1 }
        #expect(number > 4, "the injector sees what the command writes")
    }

    @Test(arguments: KillCase.all) func survivesAKillInTheMiddleOfEachWrite(_ killCase: KillCase) throws {
        let stage = try Stage(killCase)
        var number = 1
        while try stage.survives(.tornWrite(number)) { number += 1 }
        #expect(number > 4, "the injector sees what the command writes")
    }

    @Test(arguments: KillCase.all.filter(\.usesTPM), [false, true])
    func survivesAKillAtEachChangeOfTheTPM(_ killCase: KillCase, _ isExecuted: Bool) throws {
        let stage = try Stage(killCase)
        var number = 1
        while try stage.survives(.command(number, isExecuted: isExecuted)) { number += 1 }
        #expect(number - 1 == killCase.lastingTPMCommands, "the interposer sees what the command sends")
    }

    /// The seed of a failing run is in its message: `SEALROOT_KILL_SEED` brings the same times back.
    @Test(arguments: KillCase.all) func survivesAKillAtAnyTime(_ killCase: KillCase) throws {
        let given = ProcessInfo.processInfo.environment["SEALROOT_KILL_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix64(state: seed)
        let stage = try Stage(killCase)
        let longest = try stage.duration()
        var killed = 0
        for _ in 0..<Self.randomKills / KillCase.all.count {
            let time = Int.random(in: 1000...max(2000, longest), using: &generator)
            if try stage.survives(.time(time), "(seed \(seed))") { killed += 1 }
        }
        #expect(killed > 0, "of \(longest) µs, seed \(seed)")
    }
}

/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
