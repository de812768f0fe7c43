internal import BoundedBytes
internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
internal import OfflineSealing
internal import SealedFormat
internal import Sealing
internal import TPM

extension EnrollmentError: CustomStringConvertible {
    /// The part of the machine that the message is about.
    public var area: String {
        switch self {
        case .file: "device"
        case .header, .luks, .wrongPassphrase, .alreadyEnrolled, .notEnrolled, .lastKeyslot, .keyslotVanished,
            .noRecoveryKey, .severalRecoveryKeys:
            "volume"
        case .delivery: "key"
        case .token, .severalTokens, .notResealable, .tokenTooLarge: "token"
        case .tpm, .sealing, .noFreeIndex, .counter, .offline: "tpm"
        case .fenceNotBound, .noSuchPCR, .oneBootOnly, .authorityUnknown, .noCounter, .requestMalformed: "arguments"
        case .fenceUnexplained, .bootNotApproved, .notPredicted: "boot"
        case .authorityElsewhere, .authorityKeyMalformed, .noteMalformed, .approvalInvalid: "authority"
        }
    }

    public var description: String {
        switch self {
        case .file(let error), .delivery(let error): error.description
        case .header(let error): error.description
        case .luks(let error): error.description
        case .tpm(let error): error.description
        case .sealing(let error): error.description
        case .token(let error): error.description
        case .wrongPassphrase: "the passphrase opens no keyslot"
        case .alreadyEnrolled(let id):
            "token " + String(id) + " is there already: 'sealroot wipe' removes it, then enrol again"
        case .notEnrolled: "no sealroot token: 'sealroot enroll' makes one"
        case .fenceNotBound(let pcr):
            "the PCR list must hold the fence PCR " + String(pcr) + ": without it the same boot can unseal again"
        case .noSuchPCR: "a PCR is a number from 0 to 23"
        case .fenceUnexplained(let pcr, let value):
            "PCR " + String(pcr) + " is " + Hexadecimal.encode(value)
                + ", neither zero nor fenced: its value at the next boot cannot be told"
        case .severalTokens(let count):
            String(count) + " sealroot tokens where one is expected: 'sealroot wipe', then enrol again"
        case .notResealable:
            "it was enrolled without an authority: no other boot can be approved; wipe it and enrol again"
        case .authorityElsewhere:
            "its private key is not on this machine: 'sealroot policy digest' prints what its owner has to sign"
        case .authorityKeyMalformed(let path): path + " is no P-256 private key"
        case .authorityUnknown:
            "whose key approves the policies cannot be told without the secret: name it with --authority"
        case .noteMalformed(let path): path + " cannot be read: remove it, then the keyslot that is not in use"
        case .oneBootOnly: "without an authority the key opens for one boot only"
        case .bootNotApproved:
            "this boot is none that the token approves, so nobody knows which are obsolete: nothing was dropped; "
                + "run 'sealroot reseal', reboot, and commit then"
        case .noFreeIndex: "all NV indices 0x1805ea0 to 0x1805eaf are taken: name one with --counter, or free one"
        case .counter(let state, let handle):
            "revocation counter " + Hexadecimal.prefixed(handle) + " is " + state.text
        case .offline(let error): error.description
        case .notPredicted(let pcr, let boot):
            "PCR " + String(pcr) + " of '" + Printable.escape(boot)
                + "' is not predicted: leave it out of --pcrs, or enrol on the machine"
        case .noCounter: "the volume has no revocation counter: --counter names one when it is enrolled"
        case .requestMalformed(let field): "the request is malformed: '" + Printable.escape(field) + "'"
        case .approvalInvalid:
            "the signature is not the authority's for this: it has to sign the message of this very request"
        case .tokenTooLarge: "the header has no room for the policies: fewer kernels, or fewer PCRs"
        case .keyslotVanished(let id): "keyslot " + String(id) + " vanished while it was enrolled"
        case .lastKeyslot: "no other keyslot would be left, and with it no way to open the volume; see --force"
        case .noRecoveryKey(let keyslot):
            keyslot.map { "keyslot " + String($0) + " holds no recovery key" }
                ?? "no recovery key: 'sealroot recovery-key add' makes one"
        case .severalRecoveryKeys(let keyslots):
            "recovery keys in keyslots " + keyslots.map { String($0) }.joined(separator: ", ")
                + ": --keyslot says which"
        }
    }
}
