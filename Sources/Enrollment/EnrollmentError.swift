public import InitramfsRuntime
public import LUKS
public import LUKSHeader
public import SealedFormat
public import Sealing
public import TPM

/// Why the keyslots of a volume could not be changed. The volume opens as it did before.
public enum EnrollmentError: Error, Equatable {
    case file(FileError)
    case header(HeaderError)
    case luks(LUKSError)
    case tpm(TPMError)
    case sealing(SealingError)
    case token(TokenError)
    /// A passphrase that opens no keyslot.
    case wrongPassphrase
    /// There is a token already, under this id.
    case alreadyEnrolled(token: Int)
    case notEnrolled
    /// The fence PCR is not among the PCRs of the policy.
    case fenceNotBound(Int)
    case noSuchPCR
    /// The fence PCR holds something else than nothing or the fence: its value at the next boot is unknown.
    case fenceUnexplained(pcr: Int, value: [UInt8])
    /// The volume has no recovery key in this keyslot, or none at all.
    case noRecoveryKey(Int?)
    /// Recovery keys in these keyslots, where one is expected.
    case severalRecoveryKeys([Int])
    /// Removing would leave no keyslot.
    case lastKeyslot
    /// Somebody else removed the new keyslot before the token was written.
    case keyslotVanished(Int)
    /// A key that could not be handed over.
    case delivery(FileError)

    public var exitCode: ExitCode {
        switch self {
        case .file(let error), .delivery(let error): error.isMissing ? .missing : .inputOutput
        case .header(let error): error.isMalformed ? .malformed : .volumeRefused
        case .luks(let error): error.isMalformed ? .malformed : .inputOutput
        case .tpm(let error): error.isLockout || error.isRetry ? .busy : .unavailable
        case .sealing: .internalFault
        case .token: .malformed
        case .wrongPassphrase, .alreadyEnrolled, .notEnrolled, .lastKeyslot, .keyslotVanished, .noRecoveryKey:
            .volumeRefused
        case .fenceNotBound, .noSuchPCR, .severalRecoveryKeys: .usage
        case .fenceUnexplained: .bootRefused
        }
    }
}
