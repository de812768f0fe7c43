import JSON
import TestSupport
import Testing

@testable import HostAttacks

/// Step 5 of the unlock in the emulator, as its report tells it. In how many ways a host may spoil it is in AttackTests.
@Suite struct ConfidentialUnlockTests {
    private func expectRefusal(
        _ trial: Trial, of machine: AttackedMachine, naming reason: String, location: SourceLocation = #_sourceLocation
    ) throws {
        let (status, errorText, report) = try machine.attempt(trial)
        #expect(status == 76, "\(errorText)", sourceLocation: location)
        #expect(errorText.contains(reason), "\(errorText)", sourceLocation: location)
        #expect(report?.attestation?.verdict == "refused", sourceLocation: location)
        let unsealed = report?.steps.contains { $0.name == "unseal" }
        #expect(unsealed == false, "nothing is unsealed by a guest that was not attested", sourceLocation: location)
    }

    @Test func unlocksWithTheTPMThatItsSVSMVouchesFor() throws {
        let machine = try AttackedMachine.enrolled()
        let (status, errorText, report) = try machine.attempt(Trial())
        #expect(status == 0, "\(errorText)")
        #expect(report?.attestation == .init(provider: "svsm", verdict: "accepted"))
        #expect(report?.steps.map(\.name).suffix(3) == ["attest", "unseal", "authenticate"])
        #expect(report?.steps.allSatisfy { $0.result == "ok" } == true)

        try expectRefusal(
            Trial(policy: OwnerPolicy(firmware: "other.fd")), of: machine, naming: "measurement")
        try expectRefusal(
            Trial(options: ["--attack", "foreign-ek"]), of: machine, naming: "not the TPM that was vouched for")
        // The TPM that has proved itself is taken away: what follows fails, and is known for what it is.
        let swapped = try machine.attempt(Trial(options: ["--attack", "swap-tpm"]))
        #expect(swapped.status == 76, "\(swapped.errorText)")
        #expect(swapped.report?.steps.last?.name == "unseal")
    }

    /// Azure's paravisor leaves a report in the TPM; other clouds certify its endorsement key.
    @Test(arguments: ["azure-hcl", "ek-cert"]) func unlocksAsOtherCloudsVouchForTheTPM(_ provider: String) throws {
        let carrier = ["--vtpm", provider]
        let machine = try AttackedMachine.enrolled(Enrolment(options: carrier))
        var trial = Trial(options: carrier, provider: provider)
        if provider == "azure-hcl" {
            // Azure's hosts hand out no certificates with it.
            trial.preparation = "mkdir -p certs; cp state/certs/*.* certs"
            trial.arguments = "--certs certs"
        } else {
            let pem = String(decoding: try machine.read("state/certs/platform-ca.pem", limit: 1 << 16), as: UTF8.self)
            // The guest's kernel asks for the report here, not an SVSM.
            trial.policy.members = [
                JSONMember("ek_roots", .array([.string(pem)])), JSONMember("vmpl", .integer(2)),
            ]
        }
        let (status, errorText, report) = try machine.attempt(trial)
        #expect(status == 0, "\(errorText)")
        #expect(report?.attestation == .init(provider: provider, verdict: "accepted"))

        var changed = trial
        changed.policy.firmware = "other.fd"
        try expectRefusal(changed, of: machine, naming: "measurement")
        trial.options += ["--attack", "swap-tpm"]
        let swapped = try machine.attempt(trial)
        #expect(swapped.status == 76, "\(swapped.errorText)")
    }
}
