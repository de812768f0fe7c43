public import InitramfsRuntime
public import InstalledSystem
public import SNPEmulator

/// Why a machine is not started, or did not come to the end that was waited for.
public enum MachineError: Error, CustomStringConvertible {
    case file(FileError)
    case svsm(SVSMError)
    case disk(InstalledSystemError)
    /// The disk has nothing that firmware with Secure Boot would start: what is missing.
    case noBoot(disk: String, reason: String)
    case memory(String)
    /// A program is missing, or ended with an exit status, or 128 and the number of a signal: its last words.
    case ended(program: String, status: Int32, message: String)
    /// The guest was not done in time; seconds.
    case timeout(seconds: Double, console: String)
    /// The guest ended before it had printed what was waited for.
    case early(text: String, console: String)

    public var exitCode: ExitCode {
        switch self {
        case .file(let error): error.isMissing ? .missing : .inputOutput
        case .svsm(let error): error.exitCode
        case .disk(let error):
            switch error {
            case .file(let error): error.isMissing ? .missing : .inputOutput
            case .inUse: .busy
            case .cryptography: .internalFault
            default: .malformed
            }
        case .noBoot: .malformed
        case .memory: .internalFault
        case .ended, .timeout, .early: .unavailable
        }
    }

    /// The part of the machine that it is about.
    public var area: String {
        switch self {
        case .file, .ended, .timeout, .early: "machine"
        case .svsm: "svsm"
        case .disk, .noBoot: "disk"
        case .memory: "memory"
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .svsm(let error): error.description
        case .disk(let error): error.description
        case .noBoot(let disk, let reason): disk + ": " + reason
        case .memory(let reason): reason
        case .ended(let program, let status, let message):
            program + " ended (" + String(status) + ")" + (message.isEmpty ? "" : ": " + message)
        case .timeout(let seconds, _): "the guest was not done within " + String(seconds) + " s"
        case .early(let text, _): "the guest ended before it printed '" + text + "'"
        }
    }

    /// What the console showed last, where that says more.
    public var console: String? {
        switch self {
        case .timeout(_, let console), .early(_, let console): console
        default: nil
        }
    }
}
