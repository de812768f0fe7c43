internal import BoundedBytes
internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
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
        case .token: "token"
        case .tpm, .sealing: "tpm"
        case .fenceNotBound, .noSuchPCR: "arguments"
        case .fenceUnexplained: "boot"
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
        case .notEnrolled: "no sealroot token"
        case .fenceNotBound(let pcr):
            "the PCR list must hold the fence PCR " + String(pcr) + ": without it the same boot can unseal again"
        case .noSuchPCR: "a PCR is a number from 0 to 23"
        case .fenceUnexplained(let pcr, let value):
            "PCR " + String(pcr) + " is " + Hexadecimal.encode(value)
                + ", neither zero nor fenced: its value at the next boot cannot be told"
        case .keyslotVanished(let id): "keyslot " + String(id) + " vanished while it was enrolled"
        case .lastKeyslot: "no other keyslot would be left, and with it no way to open the volume; see --force"
        case .noRecoveryKey(let keyslot):
            keyslot.map { "keyslot " + String($0) + " holds no recovery key" } ?? "no recovery key"
        case .severalRecoveryKeys(let keyslots):
            "recovery keys in keyslots " + keyslots.map { String($0) }.joined(separator: ", ")
                + ": --keyslot says which"
        }
    }
}
