public import Cryptography
public import InitramfsRuntime

/// Why the SVSM has no vTPM, or none any more.
public enum SVSMError: Error, Equatable, CustomStringConvertible {
    case file(FileError)
    case cryptography(CryptographyError)
    /// The state of the vTPM belongs to another launch: what differs, with both values.
    case otherLaunch(differences: [String])
    /// A part of the state is missing, cut off or not the one that was written.
    case state(path: String, reason: String)
    /// Another guest has the vTPM.
    case inUse(String)
    case toolMissing(String)
    /// swtpm ended: its exit status, or 128 and the signal, and its last words.
    case ended(status: Int32, message: String)
    /// swtpm does not answer; milliseconds waited.
    case silent(milliseconds: Int64)
    /// Bytes that are no TPM command or no response: what is wrong with them.
    case frame(String)
    /// A TPM command of the SVSM's own that failed, with the TPM's response code.
    case command(String, code: UInt32)
    /// The AMD-SP gave no answer, or one that cannot be used: the message and the reason.
    case processor(message: String, reason: String)

    /// Source: architecture, section 4.5.
    public var exitCode: ExitCode {
        switch self {
        case .file(let error): error.isMissing ? .missing : .inputOutput
        case .cryptography, .command, .frame: .internalFault
        case .otherLaunch: .bootRefused
        case .state: .malformed
        case .inUse: .busy
        case .toolMissing: .missing
        case .ended, .silent, .processor: .unavailable
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .cryptography(let error): error.description
        case .otherLaunch(let differences):
            "the vTPM's state belongs to another launch: " + differences.joined(separator: "; ")
                + "; launch it as before, or remove the folder vtpm of the chip and with it what is sealed to it"
        case .state(let path, let reason): path + ": " + reason
        case .inUse(let path): "another guest has the vTPM: " + path + " is locked"
        case .toolMissing(let tool): tool + " not found; install the package swtpm"
        case .ended(let status, let message):
            "swtpm ended (" + String(status) + ")" + (message.isEmpty ? "" : ": " + message)
        case .silent(let milliseconds): "swtpm did not answer within " + String(milliseconds) + " ms"
        case .frame(let reason): "TPM command: " + reason
        case .command(let name, let code): name + " failed: 0x" + String(code, radix: 16)
        case .processor(let message, let reason): "AMD-SP: " + message + ": " + reason
        }
    }
}
