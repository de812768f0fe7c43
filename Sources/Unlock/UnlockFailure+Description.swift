internal import Attesting
internal import BootPolicy
internal import BoundedBytes
internal import Configuration
internal import Cryptography
internal import EventLog
internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
internal import SealedFormat
internal import Sealing
internal import TPM

extension UnlockFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .configuration(let error): error.description
        case .configurationFile(let error): error.description
        case .file(let error): error.description
        case .deviceMissing(let path, let seconds): path + " did not appear within " + String(seconds) + " s"
        case .tpmMissing(let path, let seconds): path + " did not appear within " + String(seconds) + " s"
        case .header(let error): error.description
        case .token(let error): error.description
        case .notEnrolled:
            "no sealroot token: this volume was never enrolled, or it is not yours; 'sealroot enroll' enrols yours"
        case .severalTokens(let count):
            String(count) + " sealroot tokens where one is expected: 'sealroot wipe', then enrol again"
        case .noSuchKeyslot(let id): "there is no keyslot " + String(id)
        case .tpm(let error): error.description
        case .lockedOut(let seconds):
            "dictionary-attack lockout"
                + (seconds.map { ": one try comes back within " + String($0) + " s" } ?? "")
        case .otherTPM(let expected, let found):
            "another TPM: storage key " + found + " where the volume expects " + expected
                + "; a volume that has moved needs 'sealroot wipe', then 'sealroot enroll'"
        case .otherAuthority(let expected, let found):
            "another authority: the policies are approved by " + found + " where the configuration expects " + expected
        case .counterMissing(let handle):
            "the revocation counter " + Hexadecimal.prefixed(handle)
                + " is not there: it is another TPM, or it was cleared"
        case .counterForeign(let handle):
            "NV index " + Hexadecimal.prefixed(handle) + " is not the revocation counter that the authority made"
        case .revoked:
            "the policy is revoked: the revocation counter has moved on, so this header is older than the last commit"
        case .unapproved: "the policy is not approved: its signature is not the authority's"
        case .policyWithoutFence(let pcr): "the policy does not hold the fence PCR " + String(pcr)
        case .measurements(let changes):
            changes.isEmpty
                ? "no policy for these measurements: 'sealroot reseal' or 'sealroot policy' approves a boot"
                : ChangedPCR.list(changes)
                    + "; if the change is yours, boot what is approved, and run 'sealroot reseal'"
        case .sealing(let error): error.description
        case .cryptography(let error): error.description
        case .headerMAC(let hasSecondFactor):
            "header MAC is wrong: the header is not the one that was enrolled"
                + (hasSecondFactor ? ", or the second factor is that of another chip, guest or launch" : "")
        case .volumeKeyIdentity: "volume key is not the one that was enrolled"
        case .volumeName: "volume key is not the one that the authority's approvals are for"
        case .luks(let error): error.description
        case .fence(let error): "fence: " + error.description
        case .noEventLog(let changes):
            "no event log: the kernel was not handed the firmware's, so nothing says what has booted; "
                + (changes.isEmpty ? "" : ChangedPCR.list(changes) + "; ")
                + "GRUB 2.06 hands none on where Secure Boot is off"
        case .eventLogFile(let error): "event log: " + error.description
        case .eventLog(let error): "event log: " + error.description
        case .referenceFile(let error): "reference: " + error.description
        case .reference(let error): error.description
        case .boot(let verdict): verdict.explanation
        case .attestation(let error): error.description
        case .unrecovered(let failure, let error): failure.description + "; recovery: " + error.description
        case .mapping(let difference): "the live mapping is not what the header says: " + difference
        }
    }
}
