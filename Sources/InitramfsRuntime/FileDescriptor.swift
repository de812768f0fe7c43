internal import CLinux

/// One open file, closed exactly once. Offsets and counts are in bytes.
public struct FileDescriptor: ~Copyable, Sendable {
    public let rawValue: Int32
    /// The name it was opened under, for messages.
    public let path: String

    package init(owning rawValue: Int32, path: String) {
        self.rawValue = rawValue
        self.path = path
    }

    deinit { close(rawValue) }

    public static func open(readingAt path: String) throws(FileError) -> FileDescriptor {
        try opened(path, O_RDONLY, .open)
    }

    public static func open(updatingAt path: String) throws(FileError) -> FileDescriptor {
        try opened(path, O_RDWR, .open)
    }

    /// Opens `path` as if this folder were the root of all: no link and no `..` leads out of it (`openat2(2)`).
    ///
    /// - Parameter followsLink: if not, a link at the end of the path is itself opened, only to be looked at.
    public func open(inside path: String, followsLink: Bool = true) throws(FileError) -> FileDescriptor {
        let descriptor = unsafe shim_open_inside(rawValue, path, followsLink ? 0 : O_PATH | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileError(.open, self.path + path, errno: shim_errno()) }
        return FileDescriptor(owning: descriptor, path: self.path + path)
    }

    /// Makes a new empty file, for its owner only; fails where the name is taken.
    public static func create(_ path: String, mode: UInt32 = 0o600) throws(FileError) -> FileDescriptor {
        try opened(path, O_RDWR | O_CREAT | O_EXCL, .create, mode: mode)
    }

    /// Opens `path` for writing, and makes it, for its owner only, where it is not there.
    ///
    /// - Parameter isFollowingLinks: if not, a link at the end of the path is an error. Nor is a pipe waited for.
    public static func openOrCreate(_ path: String, isFollowingLinks: Bool = true) throws(FileError) -> FileDescriptor {
        let flags = isFollowingLinks ? 0 : O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        return try opened(path, O_RDWR | O_CREAT | flags, .create, mode: 0o600)
    }

    /// Makes an anonymous file in memory that can be sealed later (`memfd_create(2)`).
    public static func createInMemory(named name: String) throws(FileError) -> FileDescriptor {
        let descriptor = unsafe memfd_create(name, shim_MEMFD_SEALABLE)
        guard descriptor >= 0 else { throw FileError(.create, name, errno: shim_errno()) }
        return FileDescriptor(owning: descriptor, path: "/proc/self/fd/" + String(descriptor))
    }

    private static func opened(
        _ path: String, _ flags: Int32, _ operation: FileError.Operation, mode: UInt32 = 0
    ) throws(FileError) -> FileDescriptor {
        let descriptor = unsafe shim_open(path, flags | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError(operation, path, errno: shim_errno()) }
        return FileDescriptor(owning: descriptor, path: path)
    }

    /// Size of a regular file or of a block device.
    public var byteCount: UInt64 {
        get throws(FileError) {
            var status = stat()
            guard unsafe fstat(rawValue, &status) == 0 else { throw FileError(.read, path, errno: shim_errno()) }
            guard shim_is_block(status.st_mode) != 0 else { return UInt64(status.st_size) }
            var size: UInt64 = 0
            guard unsafe shim_block_size(rawValue, &size) == 0 else {
                throw FileError(.read, path, errno: shim_errno())
            }
            return size
        }
    }

    public enum Kind: Sendable {
        case file, folder, other
    }

    public var kind: Kind {
        get throws(FileError) {
            var status = stat()
            guard unsafe fstat(rawValue, &status) == 0 else { throw FileError(.read, path, errno: shim_errno()) }
            if shim_is_regular(status.st_mode) != 0 { return .file }
            return shim_is_folder(status.st_mode) != 0 ? .folder : .other
        }
    }

    /// The lower twelve bits of the mode.
    public var permissions: UInt32 {
        get throws(FileError) {
            var status = stat()
            guard unsafe fstat(rawValue, &status) == 0 else { throw FileError(.read, path, errno: shim_errno()) }
            return status.st_mode & 0o7777
        }
    }

    public func setPermissions(_ mode: UInt32) throws(FileError) {
        guard fchmod(rawValue, mode) == 0 else { throw FileError(.write, path, errno: shim_errno()) }
    }

    /// Last change, in seconds since 1970.
    public var modified: Int64 {
        get throws(FileError) {
            var status = stat()
            guard unsafe fstat(rawValue, &status) == 0 else { throw FileError(.read, path, errno: shim_errno()) }
            return Int64(status.st_mtim.tv_sec)
        }
    }

    /// `major:minor` of a block device, as device-mapper tables name it; `0:0` for anything else.
    public var deviceNumber: String {
        get throws(FileError) {
            var status = stat()
            guard unsafe fstat(rawValue, &status) == 0 else { throw FileError(.read, path, errno: shim_errno()) }
            let number = unsafe shim_device_number(&status)
            return String(shim_major(number)) + ":" + String(shim_minor(number))
        }
    }
}
