internal import CLinux

/// One open file, closed exactly once. Offsets and counts are in bytes.
public struct FileDescriptor: ~Copyable {
    public let rawValue: Int32
    /// The name it was opened under, for messages.
    public let path: String

    init(owning rawValue: Int32, path: String) {
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

    /// Reads exactly `count` bytes at `offset`; a shorter file is an error.
    public func read(_ count: Int, at offset: UInt64) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try read(count, at: offset, into: &bytes)
        return bytes
    }

    /// As above, into the first `count` bytes of `buffer`, so that a long file needs one buffer only.
    public func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8]) throws(FileError) {
        guard count >= 0, count <= buffer.count else { throw FileError(.limit, path, errno: 0) }
        var done = 0
        while done < count {
            let got = unsafe buffer.withUnsafeMutableBytes {
                unsafe pread(rawValue, $0.baseAddress?.advanced(by: done), count - done, off_t(offset) + off_t(done))
            }
            if got < 0 && shim_errno() == EINTR { continue }
            guard got > 0 else { throw FileError(.read, path, errno: got < 0 ? shim_errno() : 0) }
            done += got
        }
    }

    /// Writes all of `bytes` at `offset`.
    public func write(_ bytes: [UInt8], at offset: UInt64) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let put = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(
                    rawValue, $0.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset) + off_t(done))
            }
            if put < 0 && shim_errno() == EINTR { continue }
            guard put > 0 else { throw FileError(.write, path, errno: shim_errno()) }
            done += put
        }
    }

    /// Cuts or extends the file; the new part reads as zeros.
    public func resize(to count: UInt64) throws(FileError) {
        guard ftruncate(rawValue, off_t(count)) == 0 else { throw FileError(.write, path, errno: shim_errno()) }
    }

    /// Waits until everything written is on the medium.
    public func synchronize() throws(FileError) {
        guard fsync(rawValue) == 0 else { throw FileError(.sync, path, errno: shim_errno()) }
    }

    /// Makes an in-memory file immutable, for everyone and for good.
    public func sealAgainstChange() throws(FileError) {
        guard shim_add_seals(rawValue, shim_SEALS_ALL) == 0, shim_get_seals(rawValue) == shim_SEALS_ALL else {
            throw FileError(.seal, path, errno: shim_errno())
        }
    }
}
