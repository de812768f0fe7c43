internal import CLinux

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
        let temporary = path + ".new"
        _ = unsafe unlink(temporary)
        do throws(FileError) {
            let file = try FileDescriptor.create(temporary, mode: mode)
            try file.write(bytes, at: 0)
            try file.synchronize()
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        guard unsafe rename(temporary, path) == 0 else {
            let code = shim_errno()
            _ = unsafe unlink(temporary)
            throw FileError(.rename, path, errno: code)
        }
        let folder = path.utf8.lastIndex(of: 0x2F).map {
            $0 == path.utf8.startIndex ? "/" : String(path.utf8[..<$0]) ?? "."
        }
        let directory = try FileDescriptor.open(readingAt: folder ?? ".")
        try directory.synchronize()
    }

    /// Makes the folder `path`, for its owner only, unless it is there. Its parent must exist.
    public static func makeDirectory(_ path: String, mode: UInt32 = 0o700) throws(FileError) {
        guard unsafe mkdir(path, mode) == 0 || shim_errno() == EEXIST else {
            throw FileError(.create, path, errno: shim_errno())
        }
    }
}
