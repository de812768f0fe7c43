internal import CLinux
public import InitramfsRuntime
public import RecoveryKeys
internal import Secrets

/// The recovery key in a file of its own, for `cryptsetup --key-file`: 71 bytes and no line end, since
/// every byte of such a file is part of the passphrase.
public enum RecoveryKeyFile {
    /// Makes `path`, readable for its owner only; it is on the medium when this returns.
    public static func create(_ path: String, for key: borrowing RecoveryKey) throws(FileError) {
        let file = try FileDescriptor.create(path, mode: 0o600)
        var done = 0
        while done < key.text.count {
            let put = unsafe key.text.bytes.withUnsafeBytes {
                unsafe pwrite(file.rawValue, $0.baseAddress?.advanced(by: done), $0.count - done, off_t(done))
            }
            if put < 0 && shim_errno() == EINTR { continue }
            guard put > 0 else { throw FileError(.write, path, errno: shim_errno()) }
            done += put
        }
        try file.synchronize()
        let slash = path.utf8.lastIndex(of: 0x2F)
        let folder = slash.map { $0 == path.utf8.startIndex ? "/" : String(path[..<$0]) } ?? "."
        try FileDescriptor.open(readingAt: folder).synchronize()
    }
}
