import HostAttacks
import JSON
import TestSupport
import Testing

/// Every attack of the list that needs no virtual machine, with its control.
@Suite(.enabled(if: AttackBench.hasControl, "`make control` builds the program that these tests compare with"))
struct AttackTests {
    private static let attacks = Attack.all.filter { $0.modes.contains(.process) }

    @Test(arguments: attacks.filter { !$0.needsDisk }.map(\.name)) func holds(_ name: String) throws {
        try expectHeld(name)
    }

    @Test(.enabled(if: DebianImages.isPresent), arguments: attacks.filter(\.needsDisk).map(\.name))
    func holdsInAGuestThatBootsFromADisk(_ name: String) throws { try expectHeld(name) }

    private func expectHeld(_ name: String) throws {
        let bench = try AttackBench()
        let result = try bench.run(name, "--control-init", AttackBench.control)
        #expect(result.status == 0, "\(result.text)\n\(result.errorText)")
        let verdict = try bench.verdict(result)
        #expect(verdict["name"]?.string == name)
        #expect(verdict["verdict"]?.string == "held", "\(result.text)")
    }
}
