public import FUSEMount
public import InitramfsRuntime

/// Why there is no guest, or why it was lost.
public enum GuestError: Error, Equatable, CustomStringConvertible {
    /// A step of making the guest's namespaces and mounts that the kernel refuses.
    case namespace(step: String, errno: Int32)
    case file(FileError)
    case mount(MountError)
    /// The state folder has a guest already.
    case inUse(String)
    /// The model of the guest's memory cannot hold it: why.
    case memory(String)
    /// The program cannot be run.
    case command(String, errno: Int32)
    /// A file system of the guest is gone: somebody has unmounted it, or libfuse has given up.
    case served(String)

    /// As env(1) has it: 127 where there is no such program, 126 where it cannot be run. Else those of architecture,
    /// section 4.5.
    public var exitCode: Int32 {
        switch self {
        case .namespace, .mount, .memory, .served: ExitCode.unavailable.rawValue
        case .file(let error): (error.isMissing ? ExitCode.missing : .inputOutput).rawValue
        case .inUse: ExitCode.busy.rawValue
        case .command(_, let errno): errno == 2 ? 127 : 126
        }
    }

    public var description: String {
        switch self {
        case .namespace(let step, let errno): "cannot make the guest: " + step + ": " + describeErrno(errno)
        case .file(let error): error.description
        case .mount(let error): error.description
        case .inUse(let path): "another guest runs on " + path
        case .memory(let reason): "memory of the guest: " + reason
        case .command(let name, let errno): "cannot run " + name + ": " + describeErrno(errno)
        case .served(let path): path + " has been unmounted"
        }
    }
}
