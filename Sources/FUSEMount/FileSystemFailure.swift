internal import CLinux

/// Why a call on a virtual file fails: an `errno`, positive.
public struct FileSystemFailure: Error, Equatable, Sendable {
    public let code: Int32

    public init(code: Int32) { self.code = code }

    public static let notPermitted = FileSystemFailure(code: EPERM)
    public static let missing = FileSystemFailure(code: ENOENT)
    public static let inputOutput = FileSystemFailure(code: EIO)
    public static let noAddress = FileSystemFailure(code: ENXIO)
    public static let noMemory = FileSystemFailure(code: ENOMEM)
    public static let access = FileSystemFailure(code: EACCES)
    public static let badAddress = FileSystemFailure(code: EFAULT)
    public static let busy = FileSystemFailure(code: EBUSY)
    public static let exists = FileSystemFailure(code: EEXIST)
    public static let notAFolder = FileSystemFailure(code: ENOTDIR)
    public static let isAFolder = FileSystemFailure(code: EISDIR)
    public static let invalid = FileSystemFailure(code: EINVAL)
    public static let noSuchControl = FileSystemFailure(code: ENOTTY)
    public static let tooLarge = FileSystemFailure(code: EFBIG)
    public static let outOfRange = FileSystemFailure(code: ERANGE)
    public static let nameTooLong = FileSystemFailure(code: ENAMETOOLONG)
    public static let badMessage = FileSystemFailure(code: EBADMSG)
    public static let timedOut = FileSystemFailure(code: ETIMEDOUT)
}

/// Why a file system could not be served.
public struct MountError: Error, Equatable, CustomStringConvertible {
    public enum Step: String, Sendable {
        case mount, session, attach
    }

    public let step: Step
    public let path: String
    /// `errno`, positive; 0 where the library has none.
    public let errno: Int32

    public var description: String {
        let reason = errno == 0 ? "libfuse refuses" : unsafe String(cString: strerror(errno))
        return "cannot " + (step == .mount ? "mount" : "serve") + " " + path + ": " + reason
    }
}
