import HostAttacks
import JSON
import TestSupport
import Testing

/// Attacks on a whole machine, with their controls: those that nothing else of the tests shows. `make attacks` tries all.
@Suite(.enabled(if: AttackBench.machine != nil, "there is no confidential disk: run `make image` first"))
struct MachineAttackTests {
    private static let names = ["grub-prompt", "resigned-grub", "fresh-tpm", "init-argument"]

    /// In one run, which sets each machine up once.
    @Test func hold() throws {
        let machine = try #require(AttackBench.machine)
        let result = try Command.run(
            ["timeout", "-k", "5", "1800", AttackBench.program, "attack", "run", "--json", "--sealroot-init"]
                + [AttackBench.guest] + machine + Self.names)
        #expect(result.status == 0, "\(result.text)\n\(result.errorText)")
        let verdicts = try result.text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(verdicts.map { $0["name"]?.string } == Self.names)
        #expect(verdicts.allSatisfy { $0["verdict"]?.string == "held" && $0["mode"]?.string == "vm" }, "\(result.text)")
    }
}
