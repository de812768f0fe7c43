import Foundation
import TestSupport
import Testing

/// Step 5 of the unlock in the emulator: what the guest's SVSM says of its vTPM, and every way in which a host may spoil it.
/// The guest is the same in each case, and is seen to unlock without the attack.
@Suite struct ConfidentialUnlockTests {
    /// Enrolled and seen to unlock, with a policy that accepts it.
    private static func machine() throws -> ConfidentialMachine {
        let machine = try ConfidentialMachine()
        try machine.allow()
        try machine.configure()
        try machine.enroll()
        let (result, report) = try machine.unlock()
        guard result.status == 0, report?.attestation == .init(provider: "svsm", verdict: "accepted") else {
            throw CommandFailure(description: "the control does not unlock: \(result.status) \(result.errorText)")
        }
        return machine
    }

    private func expectRefusal(
        _ outcome: (result: CommandResult, report: UnlockReport?), naming reason: String,
        location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.result.status == 76, "\(outcome.result.errorText)", sourceLocation: location)
        #expect(
            outcome.result.errorText.contains(reason), "\(outcome.result.errorText)", sourceLocation: location)
        #expect(outcome.report?.attestation?.verdict == "refused", sourceLocation: location)
        let unsealed = outcome.report?.steps.contains { $0.name == "unseal" }
        #expect(unsealed == false, "nothing is unsealed by a guest that was not attested", sourceLocation: location)
    }

    @Test func unlocksWithTheTPMThatItsSVSMVouchesFor() throws {
        let machine = try Self.machine()
        let (result, report) = try machine.unlock()
        #expect(result.status == 0, "\(result.errorText)")
        #expect(report?.steps.map(\.name).suffix(3) == ["attest", "unseal", "authenticate"])
        #expect(report?.steps.allSatisfy { $0.result == "ok" } == true)
    }

    @Test(arguments: [
        ("replay-evidence", "another nonce"), ("report-of-other-vmpl", "VMPL 1"),
        ("report-of-other-guest", "measurement"), ("swap-manifest", "another TPM"),
        ("foreign-ek", "not the TPM that was vouched for"),
    ]) func refusesEvidenceOfAnotherKind(_ attack: String, _ reason: String) throws {
        let machine = try Self.machine()
        expectRefusal(try machine.unlock(["--attack", attack]), naming: reason)
        // Where nobody asks for the evidence the same host gets through.
        try machine.configure(provider: nil)
        #expect(try machine.unlock(["--attack", attack]).result.status == 0)
    }

    @Test(arguments: [
        "withhold-vmpck", "flip-request", "flip-response", "flip-response-header", "replay-request", "replay-response",
        "reorder-messages", "drop-message", "invent-status", "hide-certificates",
    ]) func refusesWhereTheHostIsAtTheMessages(_ attack: String) throws {
        let machine = try Self.machine()
        expectRefusal(try machine.unlock(["--attack", attack]), naming: "attest")
        try machine.configure(provider: nil)
        #expect(try machine.unlock(["--attack", attack]).result.status == 0)
    }

    @Test func waitsForAHostThatThrottles() throws {
        let machine = try Self.machine()
        #expect(try machine.unlock(["--attack", "throttle"]).result.status == 0)
    }

    /// The TPM that has proved itself is taken away: what follows fails, and is known for what it is.
    @Test func refusesATPMThatTookTheOthersPlace() throws {
        let machine = try Self.machine()
        let (result, report) = try machine.unlock(["--attack", "swap-tpm"])
        #expect(result.status == 76, "\(result.errorText)")
        #expect(result.errorText.contains("not the TPM that was vouched for"))
        #expect(report?.steps.last?.name == "unseal")
        // Another TPM from the beginning has not even the volume's storage key.
        #expect(try machine.unlock(["--attack", "other-tpm"]).result.status == 77)
    }

    @Test func refusesWhatThePolicyDoesNotAccept() throws {
        let machine = try Self.machine()
        try machine.allow(measurement: String(repeating: "ab", count: 48))
        expectRefusal(try machine.unlock(), naming: "measurement")
        // The chip's levels are lower than that in one component only.
        var tcb = ConfidentialMachine.minimumTCB
        tcb["microcode"] = 255
        try machine.allow(tcb: tcb)
        expectRefusal(try machine.unlock(), naming: "microcode")
        try EmulatedChipFolder.makeAnother("foreign", in: machine.scratch)
        try machine.allow(root: "foreign")
        expectRefusal(try machine.unlock(), naming: "root")
        try machine.allow()
        #expect(try machine.unlock().result.status == 0)
    }

    @Test func refusesAChipWhoseAuthorityIsRevoked() throws {
        let machine = try Self.machine()
        try machine.allow(["revocation_list": "fresh"])
        #expect(try machine.unlock().result.status == 0)
        try machine.scratch.shell("'\(Scratch.product("snp-emulator").path)' certs --state state revoke ask")
        expectRefusal(try machine.unlock(), naming: "revoked")
    }

    /// A guest that its host may look into has another policy, hence another vTPM: one that is enrolled there unlocks only
    /// where the owner's policy allows it.
    @Test(arguments: [("0xb0000", "debug"), ("0x70000", "migration-agent")])
    func refusesAGuestThatTheHostMayLookInto(_ policy: String, _ rule: String) throws {
        let machine = try ConfidentialMachine()
        try machine.allow(["guest_policy": [rule: "allowed"]])
        try machine.configure()
        try machine.enroll("", ["--policy", policy])
        #expect(try machine.unlock(["--policy", policy]).result.status == 0)
        try machine.allow()
        expectRefusal(try machine.unlock(["--policy", policy]), naming: rule)
    }

    /// Azure's paravisor leaves a report in the TPM; other clouds certify its endorsement key.
    @Test(arguments: ["azure-hcl", "ek-cert"]) func unlocksAsOtherCloudsVouchForTheTPM(_ provider: String) throws {
        let machine = try ConfidentialMachine()
        let carrier = ["--vtpm", provider]
        try machine.enroll("", carrier)
        var rules: [String: Any] = [:]
        // Azure's hosts hand out no certificates with it.
        if provider == "azure-hcl" { try machine.exportCertificates() }
        if provider == "ek-cert" {
            let pem = String(decoding: try machine.scratch.bytes("state/certs/platform-ca.pem"), as: UTF8.self)
            // The guest's kernel asks for the report here, not an SVSM.
            rules = ["ek_roots": [pem], "vmpl": 2]
        }
        try machine.allow(rules)
        try machine.configure(provider: provider)
        let (result, report) = try machine.unlock(carrier)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(report?.attestation == .init(provider: provider, verdict: "accepted"))

        try machine.allow(measurement: String(repeating: "ab", count: 48), rules)
        expectRefusal(try machine.unlock(carrier), naming: "measurement")
        try machine.allow(rules)
        let swapped = try machine.unlock(carrier + ["--attack", "swap-tpm"])
        #expect(swapped.result.status == 76, "\(swapped.result.errorText)")
    }
}
