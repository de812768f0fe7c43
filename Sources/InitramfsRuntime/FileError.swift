internal import CLinux

/// A file operation that failed, with the path and the kernel's reason.
public struct FileError: Error, Equatable, CustomStringConvertible {
    public enum Operation: String, Sendable {
        case open, read, write, sync, rename, seek, create, seal, remove, lock, run
        /// The file is larger than its reader accepts.
        case limit
    }

    public let operation: Operation
    public let path: String
    /// `errno`, positive; 0 where the kernel was not asked or met the end of the file.
    public let errno: Int32

    public init(_ operation: Operation, _ path: String, errno: Int32) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    /// Nothing is there under this name.
    public var isMissing: Bool { operation == .open && (errno == ENOENT || errno == ENXIO || errno == ENODEV) }

    public var description: String {
        let verb =
            switch operation {
            case .open: "cannot open"
            case .read: "cannot read"
            case .write: "cannot write"
            case .sync: "cannot flush"
            case .rename: "cannot rename"
            case .seek: "cannot seek in"
            case .create: "cannot create"
            case .seal: "cannot seal"
            case .remove: "cannot remove"
            case .lock: "cannot lock"
            case .run: "cannot run"
            case .limit: "too large:"
            }
        return errno == 0 ? "\(verb) \(path)" : "\(verb) \(path): \(describeErrno(errno))"
    }
}

/// The C library's text for `code`, for example "No such file or directory".
public func describeErrno(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error " + String(code) }
    return unsafe String(cString: text)
}
