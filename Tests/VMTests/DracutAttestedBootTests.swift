import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

private let debian13 = ConfidentialDisk(in: buildFolder + "/debian13")

/// Debian 13 with an initramfs of dracut as a confidential VM of the emulator: a unit starts snp-emulator-guest there, which
/// stays when systemd changes to the real root.
@Suite(.enabled(if: debian13.isBuilt, "there is no confidential disk of Debian 13: `make trixie` makes one"))
struct DracutAttestedBootTests {
    private static let emulator = Scratch.product("snp-emulator").path
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try debian13.deliver(to: scratch.file("state"))
    }

    @Test func attestsItsTPMInTheInitramfsAndAlsoAfterwards() throws {
        var machine = try boot()
        let end = try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal])
        try #require(end == DemoDisk.shell, "\(machine.transcript.suffix(3000))")
        let status = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)
        #expect(status["attestation"]?["provider"]?.string == "svsm")
        #expect(status["attestation"]?["verdict"]?.string == "accepted")
        let journal = try machine.succeed("journalctl -b -o cat --no-pager")
        #expect(journal.contains("dracut-"), "\(journal.suffix(4000))")

        // In the running system, by what the initramfs has started.
        try machine.succeed("sealroot attest report --provider svsm --output /run/evidence.json")
        let verdict = try machine.succeed(
            "sealroot attest verify /run/evidence.json --policy /etc/sealroot/attestation.json --json")
        #expect(try JSONValue(parsing: verdict)["result"]?.string == "accepted", "\(verdict)")
        try machine.powerOff()

        // The same machine, whose guest's kernel is given no key.
        machine = try boot("--attack", "withhold-vmpck")
        let refused = try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal])
        #expect(refused == DemoDisk.refusal)
        try machine.wait(for: "(code 76)")
    }

    private func boot(_ options: String...) throws -> VirtualMachine {
        try debian13.boot(emulator: Self.emulator, state: scratch.file("state"), options: options)
    }
}
