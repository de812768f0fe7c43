import HostAttacks
import JSON
import TestSupport
import Testing

/// Every attack of the list that needs no virtual machine, with its control.
@Suite(.enabled(if: AttackBench.hasControl, "`make control` builds the program that these tests compare with"))
struct AttackTests {
    /// What one run tries.
    struct Batch: Sendable, CustomTestStringConvertible {
        let group: AttackGroup
        let names: [String]
        var testDescription: String { group.rawValue }

        static func all(fromDisk: Bool) -> [Batch] {
            let attacks = Attack.all.filter {
                $0.modes.contains(.process) && $0.needsDisk == fromDisk && $0.name != AttackTests.slowest
            }
            return Dictionary(grouping: attacks, by: \.group).map { Batch(group: $0, names: $1.map(\.name)) }
        }
    }

    /// The guest's kernel waits a minute for that host.
    private static let slowest = "always-busy"

    @Test(arguments: Batch.all(fromDisk: false)) func hold(_ batch: Batch) throws { try expectHeld(batch) }

    @Test(.enabled(if: DebianImages.isPresent), arguments: Batch.all(fromDisk: true))
    func holdInAGuestThatBootsFromADisk(_ batch: Batch) throws { try expectHeld(batch) }

    @Test func holdsWhereTheHostIsAlwaysBusy() async throws {
        let result = try await AttackBench().runBeside(Self.slowest, "--control-init", AttackBench.control)
        try expectHeld([Self.slowest], result)
    }

    private func expectHeld(_ batch: Batch) throws {
        let result = try AttackBench().run(batch.names, ["--control-init", AttackBench.control])
        try expectHeld(batch.names, result)
    }

    private func expectHeld(_ names: [String], _ result: CommandResult) throws {
        #expect(result.status == 0, "\(result.errorText)")
        let verdicts = try result.text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(verdicts.map { $0["name"]?.string } == names)
        for verdict in verdicts { #expect(verdict["verdict"]?.string == "held", "\(verdict.compact)") }
    }
}
