import Foundation
import TestSupport
import Testing

/// The key that the AMD-SP derives for a guest as second factor, with a TPM outside of the guest: a host that has that TPM,
/// or one that listens to it, has not yet the secret.
@Suite struct ConfidentialFactorTests {
    private let machine: ConfidentialMachine
    private let tpm: SoftwareTPM

    init() throws {
        machine = try ConfidentialMachine()
        tpm = try SoftwareTPM()
        try machine.configure(provider: nil)
    }

    private func enroll(_ arguments: String) throws {
        try machine.enroll(arguments, ["--vtpm", "none"], tcti: tpm.tcti)
    }

    private func unlock(_ options: String..., state: String = "state", firmware: String = "guest.fd") throws
        -> CommandResult
    {
        try machine.unlock(["--vtpm", "none"] + options, state: state, firmware: firmware, tcti: tpm.tcti).result
    }

    @Test func unlocksOnlyThisGuestOnThisChip() throws {
        try enroll("--second-factor snp")
        #expect(try unlock().status == 0)
        try EmulatedChipFolder.makeAnother("other", in: machine.scratch)
        let elsewhere = try unlock(state: "other")
        // A wrong factor makes a wrong secret, and that is all that anybody can tell from it.
        #expect(elsewhere.status == 79, "\(elsewhere.errorText)")
        #expect(elsewhere.errorText.contains("another chip, guest or launch"))
        let relaunched = try unlock(firmware: "other.fd")
        #expect(relaunched.status == 79, "\(relaunched.errorText)")
        #expect(try unlock("--policy", "0xb0000").status == 79)
        // Nor is there anything to be had where the guest is none of SEV-SNP's.
        let plain = try unlock("--protection", "none")
        #expect(plain.status == 69 && plain.errorText.contains("second factor"))
        #expect(try unlock().status == 0)
    }

    /// The control: the same volume with the TPM alone opens anywhere.
    @Test func withoutItTheTPMIsEnough() throws {
        try enroll("")
        try EmulatedChipFolder.makeAnother("other", in: machine.scratch)
        #expect(try unlock(state: "other").status == 0)
        #expect(try unlock(firmware: "other.fd").status == 0)
        #expect(try unlock("--attack", "flip-response").status == 0)
    }

    @Test(arguments: ["flip-response", "flip-request", "replay-request", "drop-message", "invent-status"])
    func takesNoKeyFromAHostThatIsAtTheMessages(_ attack: String) throws {
        try enroll("--second-factor snp")
        let result = try unlock("--attack", attack)
        #expect(result.status == 76, "\(result.errorText)")
        #expect(result.errorText.contains("second factor"))
    }

    @Test func isLostWithTheKeyOfTheGuest() throws {
        try enroll("--second-factor snp")
        let result = try unlock("--attack", "withhold-vmpck")
        #expect(result.status == 69)
        #expect(result.errorText.contains("/dev/sev-guest"))
    }

    /// What the key depends on is for the owner to say: the chip alone here, so another launch opens it.
    @Test func dependsOnWhatTheOwnerSays() throws {
        try enroll("--second-factor snp:policy")
        #expect(try unlock(firmware: "other.fd").status == 0)
        #expect(try unlock("--policy", "0xb0000").status == 79)
    }
}
