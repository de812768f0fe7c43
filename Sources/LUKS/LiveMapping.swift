internal import BoundedBytes
internal import CLinux
internal import InitramfsRuntime
internal import Secrets

/// The mapping as the kernel has it, not as anybody wanted it.
///
/// Source: Linux, include/uapi/linux/dm-ioctl.h (version 4 of the interface). libdevmapper would do, but
/// it is asked by libcryptsetup too, and this question must have an answer of its own.
public enum LiveMapping {
    private static let bufferByteCount = 16384
    /// Size of `struct dm_ioctl`.
    private static let headerByteCount = 312

    /// Reads the one line of the table of `/dev/mapper/<name>`.
    ///
    /// - Throws: `.mappingStatus` where there is no such mapping, or one with another shape than a single
    ///   crypt target that starts at sector 0.
    public static func table(of name: String) throws(LUKSError) -> MappingTable {
        guard let table = table(in: try ask(about: name)) else { throw LUKSError(.mappingStatus, errno: EINVAL) }
        return table
    }

    /// The kernel's reply. It lies in locked memory, since the kernel prints the volume key into the table
    /// where the key is not in the keyring.
    private static func ask(about name: String) throws(LUKSError) -> SecretBytes {
        let request = request(about: name)
        return try SecretBytes(count: bufferByteCount) { (buffer: inout MutableSpan<UInt8>) throws(LUKSError) in
            for index in request.indices { buffer[index] = request[index] }
            try send(&buffer)
        }
    }

    private static func send(_ buffer: inout MutableSpan<UInt8>) throws(LUKSError) {
        do throws(FileError) {
            let control = try FileDescriptor.open(updatingAt: "/dev/mapper/control")
            let code = unsafe buffer.withUnsafeMutableBytes {
                unsafe shim_table_status(control.rawValue, $0.baseAddress)
            }
            guard code == 0 else { throw FileError(.read, control.path, errno: shim_errno()) }
        } catch { throw LUKSError(.mappingStatus, errno: error.errno) }
    }

    /// The first fields of `struct dm_ioctl`; the rest of it is zero.
    private static func request(about name: String) -> [UInt8] {
        var request = ByteWriter()
        request.littleEndian(UInt32(4))
        request.append([UInt8](repeating: 0, count: 8))  // minor version and patch level: the least
        request.littleEndian(UInt32(bufferByteCount))
        request.littleEndian(UInt32(headerByteCount))
        request.append([UInt8](repeating: 0, count: 8))  // target_count, open_count
        request.littleEndian(UInt32(DM_STATUS_TABLE_FLAG | DM_SECURE_DATA_FLAG))
        request.append([UInt8](repeating: 0, count: 16))  // event_nr, padding, dev
        request.append(Array(name.utf8.prefix(127)))
        return request.bytes
    }

    private static func table(in reply: borrowing SecretBytes) -> MappingTable? {
        do throws(ByteError) { return try parse(reply.bytes) } catch { return nil }
    }

    static func parse(_ reply: Span<UInt8>) throws(ByteError) -> MappingTable? {
        var reader = ByteReader(reply)
        try reader.skip(to: 16)
        let dataStart: UInt32 = try reader.integer()
        let targetCount: UInt32 = try reader.integer()
        try reader.skip(to: 28)
        let flags: UInt32 = try reader.integer()
        guard targetCount == 1, flags & UInt32(DM_BUFFER_FULL_FLAG) == 0 else { return nil }
        try reader.skip(to: Int(dataStart))
        let start: UInt64 = try reader.integer()
        let sectors: UInt64 = try reader.integer()
        try reader.skip(8)  // status, next
        guard start == 0, text(try reader.bytes(16)) == "crypt" else { return nil }
        return MappingTable(words: words(of: reply, from: reader.offset), sectors: sectors)
    }

    /// Splits the parameters at spaces. Of a key in plain digits only dashes are kept, as many as digits.
    private static func words(of reply: Span<UInt8>, from start: Int) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        for index in start..<reply.count {
            let byte = reply[index]
            if byte == 0x20 || byte == 0 {
                words.append(String(decoding: word, as: UTF8.self))
                word = []
                if byte == 0 { break }
            } else {
                let isPlainKey = words.count == 1 && word.first != 0x3A && byte != 0x3A
                word.append(isPlainKey ? 0x2D : byte)
            }
        }
        return words
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
}
