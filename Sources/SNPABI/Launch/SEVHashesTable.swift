internal import BoundedBytes
public import Cryptography

/// The digests of kernel, initrd and command line that QEMU puts into the measured memory of a guest that it boots
/// directly: 168 bytes, padded to 176.
///
/// Source: QEMU 9.1 `target/i386/sev.c` (`SevHashTable`); edk2 `OvmfPkg/AmdSev/BlobVerifierLibSevHashes`.
public struct SEVHashesTable: Equatable, Sendable {
    /// With its padding to a multiple of 16.
    public static let byteCount = 176
    static let tableByteCount = 168
    static let entryByteCount = 50
    static let name = "SEV hashes table"

    static let header = GUID(0x9438_d606, 0x4f22, 0x4cc9, 0xb479, 0xa793_d411_fd21)
    static let commandLineEntry = GUID(0x97d0_2dd8, 0xbd20, 0x4c94, 0xaa78, 0xe771_4d36_ab2a)
    static let initrdEntry = GUID(0x44ba_f731, 0x3a2f, 0x4bd7, 0x9af1, 0x41e2_9169_781d)
    static let kernelEntry = GUID(0x4de7_9437, 0xabd2, 0x427f, 0xb835, 0xd5b1_72d2_045b)

    /// SHA-256 each, 32 bytes.
    public var commandLine: [UInt8]
    public var initrd: [UInt8]
    public var kernel: [UInt8]

    public init(commandLine: [UInt8], initrd: [UInt8], kernel: [UInt8]) {
        self.commandLine = commandLine
        self.initrd = initrd
        self.kernel = kernel
    }

    /// As QEMU does it: the digest of a missing initrd is that of nothing, the command line is hashed with a NUL behind it.
    public init(
        ofKernel kernel: [UInt8], initrd: [UInt8]?, commandLineText: String
    ) throws(CryptographyError) {
        self.kernel = kernel
        self.initrd = if let initrd { initrd } else { try DigestAlgorithm.sha256.hash([]) }
        commandLine = try DigestAlgorithm.sha256.hash(Array(commandLineText.utf8) + [0])
    }

    /// Reads a table, with or without what pads it: zeros.
    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        var reader = ByteReader(bytes.span)
        try Self.head(&reader, Self.header, "header", Self.tableByteCount)
        commandLine = try Self.digest(&reader, Self.commandLineEntry, "command line")
        initrd = try Self.digest(&reader, Self.initrdEntry, "initrd")
        kernel = try Self.digest(&reader, Self.kernelEntry, "kernel")
        do throws(ByteError) { try reader.reserved(reader.remaining) } catch {
            throw SNPFormatError(Self.name, .bytes(error))
        }
    }

    /// 176 bytes.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(Self.header.bytes)
        writer.littleEndian(UInt16(Self.tableByteCount))
        write(&writer, Self.commandLineEntry, commandLine)
        write(&writer, Self.initrdEntry, initrd)
        write(&writer, Self.kernelEntry, kernel)
        writer.zeros(to: Self.byteCount)
        return writer.bytes
    }

    private func write(_ writer: inout ByteWriter, _ entry: GUID, _ digest: [UInt8]) {
        writer.append(entry.bytes)
        writer.littleEndian(UInt16(Self.entryByteCount))
        writer.fixed(digest, 32)
    }

    private static func digest(
        _ reader: inout ByteReader, _ entry: GUID, _ what: String
    ) throws(SNPFormatError) -> [UInt8] {
        try head(&reader, entry, what, entryByteCount)
        do throws(ByteError) { return try reader.bytes(32) } catch { throw SNPFormatError(name, .bytes(error)) }
    }

    private static func head(
        _ reader: inout ByteReader, _ expected: GUID, _ what: String, _ size: Int
    ) throws(SNPFormatError) {
        let (identifier, length): (GUID, UInt16)
        do throws(ByteError) { (identifier, length) = (try reader.guid(), try reader.integer()) } catch {
            throw SNPFormatError(name, .bytes(error))
        }
        guard identifier == expected else { throw SNPFormatError(name, .missing(what)) }
        guard Int(length) == size else { throw SNPFormatError(name, .value(field: what + " length", UInt64(length))) }
    }
}
