internal import CLinux
public import Secrets

/// Whole small files.
public enum FileBytes {
    /// Reads a file of at most `limit` bytes; works for files in `/proc` and `/sys`, which have no size.
    public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = try FileDescriptor.open(readingAt: path)
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let got = unsafe block.withUnsafeMutableBytes {
                unsafe CLinux.read(file.rawValue, $0.baseAddress, $0.count)
            }
            if got < 0 && shim_errno() == EINTR { continue }
            guard got >= 0 else { throw FileError(.read, path, errno: shim_errno()) }
            if got == 0 { return bytes }
            guard bytes.count + got <= limit else { throw FileError(.limit, path, errno: 0) }
            bytes += block[0..<got]
        }
    }

    /// Replaces `path` in one step: readers see the old bytes or the new ones, also after a power cut.
    public static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o600) throws(FileError) {
        let file = try temporary(for: path, mode: mode)
        do throws(FileError) {
            try file.write(bytes, at: 0)
            try place(file, at: path)
        } catch {
            _ = unsafe unlink(file.path)
            throw error
        }
    }

    /// As above, from locked memory and for the owner only.
    public static func replace(_ path: String, with secret: borrowing SecretBytes) throws(FileError) {
        let file = try temporary(for: path, mode: 0o600)
        do throws(FileError) {
            try file.write(secret, at: 0)
            try place(file, at: path)
        } catch {
            _ = unsafe unlink(file.path)
            throw error
        }
    }

    private static func temporary(for path: String, mode: UInt32) throws(FileError) -> FileDescriptor {
        let name = path + ".new"
        _ = unsafe unlink(name)
        return try FileDescriptor.create(name, mode: mode)
    }

    /// Gives `file`, once it is on the medium, the name `path`.
    private static func place(_ file: borrowing FileDescriptor, at path: String) throws(FileError) {
        try file.synchronize()
        guard unsafe rename(file.path, path) == 0 else { throw FileError(.rename, path, errno: shim_errno()) }
        try synchronizeFolder(of: path)
    }

    /// Removes a file, for good also after a power cut; one that is not there is no error.
    public static func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 else {
            guard shim_errno() != ENOENT else { return }
            throw FileError(.remove, path, errno: shim_errno())
        }
        try synchronizeFolder(of: path)
    }

    private static func synchronizeFolder(of path: String) throws(FileError) {
        let folder = path.utf8.lastIndex(of: 0x2F).map {
            $0 == path.utf8.startIndex ? "/" : String(path.utf8[..<$0]) ?? "."
        }
        let directory = try FileDescriptor.open(readingAt: folder ?? ".")
        try directory.synchronize()
    }

    /// As `read`, into locked memory: for files that hold a key. No file in `/proc` or `/sys`.
    public static func readSecret(_ path: String, limit: Int) throws(FileError) -> SecretBytes {
        let file = try FileDescriptor.open(readingAt: path)
        let count = try file.byteCount
        guard count <= limit else { throw FileError(.limit, path, errno: 0) }
        return try SecretBytes(count: Int(count)) { (secret: inout MutableSpan<UInt8>) throws(FileError) in
            var done = 0
            while done < secret.count {
                let got = unsafe secret.withUnsafeMutableBytes {
                    unsafe pread(file.rawValue, $0.baseAddress?.advanced(by: done), $0.count - done, off_t(done))
                }
                if got < 0 && shim_errno() == EINTR { continue }
                guard got > 0 else { throw FileError(.read, path, errno: got < 0 ? shim_errno() : 0) }
                done += got
            }
        }
    }

    /// Makes all folders that `path` lies in, unless they are there.
    public static func makeDirectories(above path: String, mode: UInt32) throws(FileError) {
        let bytes = Array(path.utf8)
        for index in bytes.indices.dropFirst() where bytes[index] == 0x2F {
            try makeDirectory(String(decoding: bytes[..<index], as: UTF8.self), mode: mode)
        }
    }

    /// Makes the folder `path`, for its owner only, unless it is there. Its parent must exist.
    public static func makeDirectory(_ path: String, mode: UInt32 = 0o700) throws(FileError) {
        guard unsafe mkdir(path, mode) == 0 || shim_errno() == EEXIST else {
            throw FileError(.create, path, errno: shim_errno())
        }
    }
}
