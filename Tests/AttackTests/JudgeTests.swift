import Foundation
import HostAttacks
import JSON
import TestSupport
import Testing

/// The judge itself: what it says of guests that do not check, and of controls that prove nothing.
@Suite struct JudgeTests {
    private let bench: AttackBench

    init() throws { bench = try AttackBench() }

    /// A program in place of `sealroot-init`.
    private func guest(_ script: String) throws -> String {
        try bench.scratch.write(Array(("#!/bin/sh\n" + script).utf8), to: "guest")
        try bench.scratch.shell("chmod 755 guest")
        return bench.scratch.file("guest")
    }

    @Test(arguments: ["replay-evidence", "foreign-root", "debug-guest"])
    func aGuestThatAsksForNoEvidenceIsBroken(_ name: String) throws {
        let careless = try guest(
            "sed -i '/^provider/d; /^attestation-policy/d' init.conf; exec '\(AttackBench.guest)' \"$@\"\n")
        let result = try bench.run(name, guest: careless)
        #expect(result.status == 70, "\(result.errorText)")
        let verdict = try bench.verdict(result)
        #expect(verdict["verdict"]?.string == "broken")
        #expect(verdict["code"]?.integer == 0)
        #expect(verdict["detail"]?.string?.hasPrefix("it gets through") == true)
    }

    @Test(.enabled(if: AttackBench.hasControl), arguments: ["cipher-null-segment", "record-tpm"])
    func theControlItselfIsBroken(_ name: String) throws {
        let result = try bench.run(name, guest: AttackBench.control, "--control-init", AttackBench.control)
        #expect(result.status == 70, "\(result.errorText)")
        #expect(try bench.verdict(result)["verdict"]?.string == "broken", "\(result.text)")
    }

    @Test func aGuestThatRefusesForAnotherReasonIsBroken() throws {
        let odd = try guest(
            """
            grep -q '^provider' init.conf || exec '\(AttackBench.guest)' "$@"
            echo 'sealroot: attestation: refused: it is Saturday' >&2; exit 76

            """)
        let result = try bench.run("replay-evidence", guest: odd)
        #expect(result.status == 70)
        #expect(try bench.verdict(result)["detail"]?.string?.contains("is not what is blamed") == true)
    }

    @Test func anAttackWhoseControlDoesNotGetThroughIsUnproven() throws {
        let result = try bench.run("replay-evidence", guest: try guest("exit 76\n"))
        #expect(result.status == 70, "\(result.errorText)")
        #expect(try bench.verdict(result)["verdict"]?.string == "unproven")
        let bare = try bench.run("cipher-null-segment")
        #expect(bare.status == 70)
        #expect(try bench.verdict(bare)["detail"]?.string?.contains("--control-init") == true)
    }

    @Test func saysWhatIsMissing() throws {
        let program = AttackBench.program
        #expect(try Command.run([program, "attack", "run", "no-such-attack"]).status == 64)
        #expect(try Command.run([program, "attack", "run"]).status == 64)
        #expect(try Command.run([program, "attack", "run", "--all", "replay-evidence"]).status == 64)
        for words in [["--all", "--mode", "vm"], ["read-memory", "--mode", "vm"], ["grub-prompt"]] {
            #expect(try Command.run([program, "attack", "run"] + words).status == 64, "\(words)")
        }
        #expect(try bench.run("replay-evidence", guest: "/no/such/program").status == 66)
        let chipless = try Command.run([program, "attack", "run", "fresh-tpm", "--chip", "/no/such/chip"])
        #expect(chipless.status == 66)
    }

    @Test func listsTheSameAsTableAndAsJSON() throws {
        let list = { (options: [String]) in try Command.run([AttackBench.program, "attack", "list"] + options) }
        let rows = try list([]).text.split(separator: "\n").dropFirst(2).map { row in
            row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let objects = try #require(try JSONValue(parsing: list(["--json"]).output).array)
        let members = objects.map { attack in
            [
                attack["name"]?.string, attack["host"]?.string, attack["outcome"]?.string,
                attack["code"]?.integer.map(String.init) ?? "none",
                attack["modes"]?.array?.compactMap(\.string).joined(separator: ", "), attack["control"]?.string,
            ].map { $0 ?? "" }
        }
        #expect(rows == members)
        #expect(rows.count == Attack.all.count && rows.count > 30)
        #expect(Set(rows.map { $0[0] }).count == rows.count)
        #expect(rows.allSatisfy { $0.count == 6 && !$0.contains("") })
    }
}
