import TestSupport
import Testing

@testable import HostAttacks

/// The key that the AMD-SP derives for a guest as second factor, with a TPM outside of the guest: a host that has that TPM,
/// or one that listens to it, has not yet the secret. That another chip has not is in AttackTests.
@Suite struct ConfidentialFactorTests {
    private static let outside = ["--vtpm", "none"]

    private func enrolled(_ arguments: String) throws -> AttackedMachine {
        try .enrolled(Enrolment(options: Self.outside, tpm: .host, arguments: arguments))
    }

    private func trial(_ options: String..., firmware: String = "guest.fd") -> Trial {
        Trial(options: Self.outside + options, firmware: firmware, tpm: .host, provider: nil)
    }

    @Test func unlocksOnlyThisGuest() throws {
        let machine = try enrolled("--second-factor snp")
        #expect(try machine.attempt(trial()).status == 0)
        // A wrong factor makes a wrong secret, and that is all that anybody can tell from it.
        let relaunched = try machine.attempt(trial(firmware: "other.fd"))
        #expect(relaunched.status == 79, "\(relaunched.errorText)")
        #expect(relaunched.errorText.contains("another chip, guest or launch"))
        #expect(try machine.attempt(trial("--policy", "0xb0000")).status == 79)
        // Nor is there anything to be had where the guest is none of SEV-SNP's.
        let plain = try machine.attempt(trial("--protection", "none"))
        #expect(plain.status == 69 && plain.errorText.contains("second factor"))
        for attack in ["flip-response", "flip-request", "replay-request", "drop-message", "invent-status"] {
            let result = try machine.attempt(trial("--attack", attack))
            #expect(result.status == 76, "\(attack): \(result.errorText)")
            #expect(result.errorText.contains("second factor"), "\(attack)")
        }
        let withheld = try machine.attempt(trial("--attack", "withhold-vmpck"))
        #expect(withheld.status == 69)
        #expect(withheld.errorText.contains("/dev/sev-guest"))
        #expect(try machine.attempt(trial()).status == 0)
    }

    /// The control: the same volume with the TPM alone opens in another guest, and with no answer of the AMD-SP.
    @Test func withoutItTheTPMIsEnough() throws {
        let machine = try enrolled("")
        #expect(try machine.attempt(trial(firmware: "other.fd")).status == 0)
        #expect(try machine.attempt(trial("--attack", "flip-response")).status == 0)
    }

    /// What the key depends on is for the owner to say: the chip and the policy here, so another launch opens it.
    @Test func dependsOnWhatTheOwnerSays() throws {
        let machine = try enrolled("--second-factor snp:policy")
        #expect(try machine.attempt(trial(firmware: "other.fd")).status == 0)
        #expect(try machine.attempt(trial("--policy", "0xb0000")).status == 79)
    }
}
