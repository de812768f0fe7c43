internal import CLinux
public import Secrets

/// Reads key material straight into locked memory: no copy of it lies in any buffer of ours.
public enum SecretInput {
    /// Longest passphrase that libcryptsetup takes from a terminal or pipe, in bytes.
    public static let longest = 4096

    public enum End: Sendable {
        case endOfFile
        /// The first line feed, which is taken but not returned. What follows it stays unread.
        case endOfLine
    }

    /// Reads from where `descriptor` stands, up to `end`.
    ///
    /// - Parameter name: for messages.
    /// - Throws: `.limit` where there are more than `longest` bytes.
    public static func read(from descriptor: Int32, _ name: String, until end: End) throws(FileError) -> SecretBytes {
        var count = 0
        let buffer = try SecretBytes(count: longest + 1) { (buffer: inout MutableSpan<UInt8>) throws(FileError) in
            while count < buffer.count {
                let got = unsafe buffer.withUnsafeMutableBytes {
                    // One byte at a time where a line is wanted: what follows belongs to somebody else.
                    unsafe CLinux.read(
                        descriptor, $0.baseAddress?.advanced(by: count), end == .endOfLine ? 1 : $0.count - count)
                }
                if got < 0 && shim_errno() == EINTR { continue }
                guard got >= 0 else { throw FileError(.read, name, errno: shim_errno()) }
                if got == 0 || (end == .endOfLine && buffer[count] == 0x0A) { break }
                count += got
            }
        }
        guard count <= longest else { throw FileError(.limit, name, errno: 0) }
        return prefix(of: buffer, count)
    }

    /// Reads the whole of `descriptor`.
    public static func read(
        _ file: borrowing FileDescriptor, until end: End = .endOfFile
    ) throws(FileError) -> SecretBytes {
        try read(from: file.rawValue, file.path, until: end)
    }

    /// Reads ranges of a file or device one behind the other, at most `longest` bytes in all.
    public static func read(
        _ ranges: [Range<UInt64>], of file: borrowing FileDescriptor
    ) throws(FileError) -> SecretBytes {
        var count: UInt64 = 0
        for range in ranges {
            guard range.upperBound - range.lowerBound <= UInt64(longest) - count else {
                throw FileError(.limit, file.path, errno: 0)
            }
            count += range.upperBound - range.lowerBound
        }
        let (descriptor, path) = (file.rawValue, file.path)
        return try SecretBytes(count: Int(count)) { (buffer: inout MutableSpan<UInt8>) throws(FileError) in
            var start = 0
            for range in ranges {
                let end = start + range.count
                var offset = off_t(range.lowerBound)
                while start < end {
                    let got = unsafe buffer.withUnsafeMutableBytes {
                        unsafe pread(descriptor, $0.baseAddress?.advanced(by: start), end - start, offset)
                    }
                    if got < 0 && shim_errno() == EINTR { continue }
                    guard got > 0 else { throw FileError(.read, path, errno: got < 0 ? shim_errno() : 0) }
                    start += got
                    offset += off_t(got)
                }
            }
        }
    }

    private static func prefix(of buffer: borrowing SecretBytes, _ count: Int) -> SecretBytes {
        SecretBytes(count: count) { copy in
            for index in 0..<count { copy[index] = buffer.bytes[index] }
        }
    }
}
