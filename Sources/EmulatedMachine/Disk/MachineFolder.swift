internal import BoundedBytes
internal import CLinux
internal import Cryptography
internal import InitramfsRuntime

/// What a machine keeps between two boots: the firmware's variables, and what it has written to its disk. The disk
/// itself is only read.
struct MachineFolder {
    /// The machine's copy; nil where the firmware has them inside itself. Other ones to begin with have another copy.
    let variables: String?
    /// qcow2, on top of the disk. A disk that has changed since is another one, with an overlay of its own.
    let overlay: String

    /// Longest file with variables, in bytes: more than any flash chip holds.
    private static let longestVariables = 1 << 28

    init(_ settings: MachineSettings) throws(MachineError) {
        do throws(FileError) {
            overlay = settings.folder + "/disk-" + (try Self.identity(of: settings.disk)) + ".qcow2"
            try FileBytes.makeDirectory(settings.folder)
            variables = if let source = settings.variables { try Self.copy(source, into: settings.folder) } else { nil }
        } catch { throw .file(error) }
        guard unsafe access(overlay, F_OK) != 0 else { return }
        let unfinished = overlay + ".new"
        let program = try ChildProcess.start([
            "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", try Self.absolute(settings.disk), unfinished,
        ])
        try program.wait()
        guard unsafe rename(unfinished, overlay) == 0 else {
            throw .file(FileError(.rename, overlay, errno: shim_errno()))
        }
    }

    private static func copy(_ source: String, into folder: String) throws(FileError) -> String {
        let bytes = try FileBytes.read(source, limit: longestVariables)
        let copy = folder + "/vars-" + (try name(of: bytes, source)) + ".fd"
        if unsafe access(copy, F_OK) != 0 { try FileBytes.replace(copy, with: bytes) }
        return copy
    }

    /// 16 digits.
    private static func name(of bytes: [UInt8], _ path: String) throws(FileError) -> String {
        do throws(CryptographyError) {
            return Hexadecimal.encode(try DigestAlgorithm.sha256.hash(bytes).prefix(8))
        } catch { throw FileError(.read, path, errno: 0) }
    }

    private static func absolute(_ path: String) throws(MachineError) -> String {
        guard let resolved = unsafe realpath(path, nil) else {
            throw .file(FileError(.open, path, errno: shim_errno()))
        }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// Of the disk's device, file, size and last change.
    private static func identity(of disk: String) throws(FileError) -> String {
        let file = try FileDescriptor.open(readingAt: disk)
        var status = stat()
        guard unsafe fstat(file.rawValue, &status) == 0 else { throw FileError(.read, disk, errno: shim_errno()) }
        var writer = ByteWriter()
        for number in [UInt64(status.st_dev), UInt64(status.st_ino), UInt64(status.st_rdev)] {
            writer.littleEndian(number)
        }
        writer.littleEndian(try file.byteCount)
        for number in [status.st_mtim.tv_sec, status.st_mtim.tv_nsec] {
            writer.littleEndian(UInt64(bitPattern: Int64(number)))
        }
        return try name(of: writer.bytes, disk)
    }
}
