public import InitramfsRuntime
public import LUKS
public import LUKSHeader
public import OfflineSealing
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
    case severalTokens(Int)
    /// The object opens for one boot only: there is no authority that could approve another.
    case notResealable
    /// The authority's private key is not on this machine.
    case authorityElsewhere
    /// The file is no P-256 private key.
    case authorityKeyMalformed(String)
    /// Whether the authority's key is somebody else's or was derived from the secret cannot be told.
    case authorityUnknown
    /// The note of an interrupted rotation cannot be read.
    case noteMalformed(String)
    /// Without an authority an object opens for exactly one boot.
    case oneBootOnly
    /// The present boot is none that the token approves.
    case bootNotApproved
    /// All NV indices of our range are taken.
    case noFreeIndex
    /// The revocation counter is not there, or is not the one that the authority made.
    case counter(CounterState, handle: UInt32)
    /// The volume has no revocation counter.
    case noCounter
    /// The file is no request for an approval: the field that is wrong.
    case requestMalformed(String)
    /// The signature is not the authority's, or is one for something else.
    case approvalInvalid
    case offline(OfflineSealingError)
    /// The prediction leaves a PCR open that the policy shall bind.
    case notPredicted(pcr: Int, boot: String)
    /// The policies that are needed do not fit into the header.
    case tokenTooLarge
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
    /// The kernel's mapping is not the one that the header describes; in what.
    case mapping(String)
    /// A key that could not be handed over.
    case delivery(FileError)

    public var exitCode: ExitCode {
        switch self {
        case .file(let error), .delivery(let error): error.isMissing ? .missing : .inputOutput
        case .header(let error): error.isMalformed ? .malformed : .volumeRefused
        case .luks(let error): error.isMalformed ? .malformed : .inputOutput
        case .tpm(let error): error.isLockout || error.isRetry ? .busy : .unavailable
        case .sealing(.factorUnavailable), .sealing(.factorLength): .unavailable
        case .sealing(.factorRefused): .attestationRefused
        case .sealing: .internalFault
        case .token: .malformed
        case .authorityKeyMalformed, .noteMalformed, .requestMalformed: .malformed
        case .wrongPassphrase, .alreadyEnrolled, .notEnrolled, .severalTokens, .lastKeyslot, .keyslotVanished,
            .notResealable, .tokenTooLarge, .noRecoveryKey, .mapping:
            .volumeRefused
        case .fenceNotBound, .noSuchPCR, .oneBootOnly, .authorityUnknown, .noCounter, .severalRecoveryKeys: .usage
        case .fenceUnexplained, .bootNotApproved, .counter, .approvalInvalid, .notPredicted: .bootRefused
        case .offline: .internalFault
        case .authorityElsewhere: .missing
        case .noFreeIndex: .unavailable
        }
    }
}
