public import Attesting
public import BootPolicy
public import Configuration
public import Cryptography
public import EventLog
public import InitramfsRuntime
public import LUKS
public import LUKSHeader
public import SealedFormat
public import Sealing
public import TPM

/// Why the volume stays closed.
public enum UnlockFailure: Error {
    case configuration(ConfigurationError)
    case configurationFile(FileError)
    case file(FileError)
    /// The device did not appear within so many seconds.
    case deviceMissing(String, seconds: Int)
    case tpmMissing(String, seconds: Int)
    case header(HeaderError)
    case token(TokenError)
    /// No token, and the configuration does not say `unenrolled = prompt`.
    case notEnrolled
    case severalTokens(Int)
    /// The token names a keyslot that the header has not.
    case noSuchKeyslot(Int)
    case tpm(TPMError)
    /// Dictionary-attack lockout: a try comes back after at most so many seconds, where the TPM says so.
    case lockedOut(seconds: UInt32?)
    /// The TPM has another storage key than the token or the configuration names, or none.
    case otherTPM(expected: String, found: String)
    /// The policies are those of another authority than the configuration names, or of none.
    case otherAuthority(expected: String, found: String)
    /// The revocation counter of that NV index is not there.
    case counterMissing(UInt32)
    /// Another index lives there.
    case counterForeign(UInt32)
    /// The counter has passed what the policy allows.
    case revoked
    /// The authority has not signed the policy.
    case unapproved
    /// The policy would let the same boot unseal again: it does not hold the fence PCR.
    case policyWithoutFence(Int)
    case measurements([ChangedPCR])
    case sealing(SealingError)
    case cryptography(CryptographyError)
    /// With a second factor it may be that factor that is another one: both make the key of the MAC.
    case headerMAC(hasSecondFactor: Bool)
    case volumeKeyIdentity
    /// The volume's key is not the one that the authority's approvals are for.
    case volumeName
    case luks(LUKSError)
    /// The kernel maps something else than the header says.
    case mapping(String)
    case fence(FenceError)
    /// The TPM is there, and the kernel has no log of what was measured into it. What differs from the enrolled boot is
    /// all that is known.
    case noEventLog([ChangedPCR])
    case eventLogFile(FileError)
    case eventLog(EventLogError)
    case referenceFile(FileError)
    case reference(ReferenceError)
    /// The first component of the boot chain that is not as the reference says.
    case boot(ComponentVerdict)
    case attestation(AttestingError)
    /// A failure that the configured recovery did not overcome.
    indirect case unrecovered(UnlockFailure, RecoveryError)

    /// No `default`: a new case does not compile until someone decides what the boot does.
    public var exitCode: ExitCode {
        switch self {
        case .configuration, .configurationFile: .configuration
        case .file(let error), .eventLogFile(let error), .referenceFile(let error): Self.exitCode(error)
        case .deviceMissing: .missing
        case .tpmMissing: .unavailable
        case .header(let error): error.isMalformed ? .malformed : .volumeRefused
        case .token, .severalTokens, .noSuchKeyslot, .eventLog, .reference: .malformed
        case .notEnrolled: .volumeRefused
        case .tpm(let error), .fence(.tpm(let error)): Self.exitCode(error)
        case .fence(.noSuchPCR): .configuration
        case .lockedOut: .busy
        case .otherTPM, .otherAuthority, .counterMissing, .counterForeign, .revoked, .unapproved, .policyWithoutFence,
            .measurements, .noEventLog, .boot:
            .bootRefused
        case .sealing(.length): .bootRefused
        case .sealing(.factorLength), .sealing(.factorUnavailable): .unavailable
        case .sealing(.factorRefused): .attestationRefused
        case .sealing(.cryptography), .cryptography, .fence(.cryptography): .internalFault
        case .headerMAC, .volumeKeyIdentity, .volumeName, .mapping: .volumeRefused
        // Whoever tried will want to try again, whatever it was that the TPM refused.
        case .unrecovered(_, .exhausted): .busy
        case .unrecovered(let failure, _): failure.exitCode
        case .attestation(let error): error.exitCode
        case .luks(let error): error.isWrongKey || error.isMalformed ? .volumeRefused : .unavailable
        }
    }

    private static func exitCode(_ error: FileError) -> ExitCode {
        guard error.operation != .limit else { return .malformed }
        return error.isMissing ? .missing : .inputOutput
    }

    private static func exitCode(_ error: TPMError) -> ExitCode {
        if error.isPolicyFailure || error.isForeignObject { return .bootRefused }
        return error.isLockout || error.isRetry ? .busy : .unavailable
    }

    /// A refusal is final; anything else may go better next time.
    public var isRefusal: Bool {
        switch exitCode {
        case .missing, .unavailable, .inputOutput, .busy: false
        default: true
        }
    }

    /// The part of the machine that the message is about.
    public var area: String {
        switch self {
        case .configuration, .configurationFile: "configuration"
        case .file, .deviceMissing: "device"
        case .header, .headerMAC, .volumeKeyIdentity, .volumeName, .luks, .mapping, .notEnrolled: "volume"
        case .token, .severalTokens, .noSuchKeyslot, .otherAuthority, .unapproved: "token"
        case .tpm, .tpmMissing, .lockedOut, .otherTPM, .counterMissing, .counterForeign, .revoked, .sealing,
            .cryptography, .fence:
            "tpm"
        case .policyWithoutFence, .measurements, .noEventLog, .boot, .eventLog, .eventLogFile, .reference,
            .referenceFile:
            "boot"
        case .attestation: "attestation"
        case .unrecovered(let failure, _): failure.area
        }
    }
}
