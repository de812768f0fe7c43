public import InitramfsRuntime

/// Why attacks could not be tried at all.
public enum AttackRunError: Error, Equatable, Sendable, CustomStringConvertible {
    case file(FileError)
    /// A program that is needed is not there.
    case programMissing(String)
    /// A step before any attack failed.
    case failed(step: String, status: Int32, message: String)

    public var exitCode: ExitCode {
        switch self {
        case .file(let error): error.isMissing ? .missing : .inputOutput
        case .programMissing: .missing
        case .failed: .unavailable
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .programMissing(let name): "there is no " + name
        case .failed(let step, let status, let message): "\(step) ended with \(status): \(message)"
        }
    }
}
