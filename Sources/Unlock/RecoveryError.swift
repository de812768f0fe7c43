public import FileSystems
public import InitramfsRuntime
internal import Sealing

/// Why the configured recovery did not open the volume.
public enum RecoveryError: Error, Equatable, CustomStringConvertible {
    /// So many keys were typed, and none opens a keyslot.
    case exhausted(tries: Int)
    /// The program that asks could not.
    case prompt(FileError)
    /// The device with the key did not appear within so many seconds.
    case deviceMissing(String, seconds: Int)
    case file(FileError)
    case fileSystem(FATError)
    /// The device's file system has no such file.
    case noSuchFile(String)
    /// The key on the device opens no keyslot.
    case wrongKey

    public var description: String {
        switch self {
        case .exhausted(let tries): "none of " + String(tries) + " keys opens a keyslot"
        case .prompt(let error): error.description
        case .deviceMissing(let path, let seconds): path + " did not appear within " + String(seconds) + " s"
        case .file(let error): error.description
        case .fileSystem(let error): error.description
        case .noSuchFile(let path): "there is no file " + path
        case .wrongKey: "the key opens no keyslot"
        }
    }
}

extension UnlockFailure {
    /// Whether a key of the owner's may open the volume after this. Nothing that speaks against the volume itself, or
    /// leaves the TPM open, does; that the key which the TPM holds cannot be had does.
    ///
    /// No `default`, as for the exit code.
    var allowsRecovery: Bool {
        switch self {
        case .tpmMissing, .tpm, .lockedOut, .otherTPM: true
        case .token, .severalTokens, .noSuchKeyslot: true
        case .counterMissing, .counterForeign, .revoked, .unapproved: true
        case .measurements, .noEventLog, .boot, .eventLog, .eventLogFile, .reference, .referenceFile: true
        // What the TPM released is no secret of ours: the object in the token is not.
        case .sealing(.length), .sealing(.factorLength), .sealing(.factorUnavailable): true
        case .configuration, .configurationFile, .file, .deviceMissing: false
        case .header, .notEnrolled, .headerMAC, .volumeKeyIdentity, .volumeName, .luks, .mapping: false
        // A volume of another authority is another volume, whoever knows its key.
        case .otherAuthority: false
        // The fence does not close what was sealed without it.
        case .policyWithoutFence, .fence: false
        case .sealing(.cryptography), .cryptography: false
        // The host is at the guest's messages: nobody is to type a key on its console.
        case .sealing(.factorRefused): false
        // Where nobody knows whether this is the owner's guest, no key is to be given to it.
        case .attestation: false
        case .unrecovered: false
        }
    }
}
