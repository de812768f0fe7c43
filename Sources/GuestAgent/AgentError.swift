public import FUSEMount
public import InitramfsRuntime
public import SNPABI

/// Why a machine has not got the devices of a confidential guest, or has lost them.
public enum AgentError: Error, Equatable, CustomStringConvertible {
    case file(FileError)
    case secretsPage(SNPFormatError)
    /// The bytes that should name a level, 0 to 3.
    case level([UInt8])
    /// Something has the name already: the device of a real processor, or another agent's.
    case occupied(String)
    case mount(MountError)
    case system(step: String, errno: Int32)
    /// Somebody has unmounted it.
    case gone(String)

    /// Source: architecture, section 4.5.
    public var exitCode: ExitCode {
        switch self {
        case .file(let error): error.operation == .limit ? .malformed : error.isMissing ? .missing : .inputOutput
        case .secretsPage, .level: .malformed
        case .occupied: .busy
        case .mount, .system, .gone: .unavailable
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .secretsPage(let error): error.description
        case .level(let bytes): "level: " + (bytes.first.map { String($0) } ?? "no byte at all")
        case .occupied(let path): path + " is there already"
        case .mount(let error): error.description
        case .system(let step, let errno): step + ": " + describeErrno(errno)
        case .gone(let path): path + " has been unmounted"
        }
    }
}
