internal import BoundedBytes

/// The first 96 bytes of a squashfs file system.
///
/// Integers are little-endian. Source: Linux, `Documentation/filesystems/squashfs.rst` and `fs/squashfs/squashfs_fs.h`,
/// `struct squashfs_super_block`.
struct SquashSuperblock: Sendable {
    /// Bytes of a whole block of a file, 4 KiB to 1 MiB.
    let blockSize: Int
    let fragmentCount: UInt32
    /// Of the root directory.
    let root: InodeReference
    let inodeTable: UInt64
    let directoryTable: UInt64
    let fragmentTable: UInt64

    private static let magic: UInt32 = 0x7371_7368
    private static let xz: UInt64 = 4

    static func isAtStart(of bytes: [UInt8]) -> Bool {
        var reader = ByteReader(bytes.span)
        let found: UInt32? = try? reader.integer()
        return found == magic
    }

    init(parsing bytes: [UInt8]) throws(SquashError) {
        let found: UInt32, blockLength: UInt32, compressor, blockLog, major, minor: UInt16
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            found = try reader.integer()
            try reader.skip(8)  // number of inodes, time
            blockLength = try reader.integer()
            fragmentCount = try reader.integer()
            compressor = try reader.integer()
            blockLog = try reader.integer()
            try reader.skip(4)  // flags, number of owners
            major = try reader.integer()
            minor = try reader.integer()
            root = InodeReference(rawValue: try reader.integer())
            try reader.skip(24)  // length, tables of owners and of extended attributes
            inodeTable = try reader.integer()
            directoryTable = try reader.integer()
            fragmentTable = try reader.integer()
            try reader.skip(8)  // table of exports
        } catch { throw .bytes(error) }
        let limits: [(name: String, value: UInt64, allowed: ClosedRange<UInt64>)] = [
            ("magic number", UInt64(found), UInt64(Self.magic)...UInt64(Self.magic)),
            ("version", UInt64(major), 4...4), ("minor version", UInt64(minor), 0...0),
            ("kind of compression", UInt64(compressor), Self.xz...Self.xz), ("block_log", UInt64(blockLog), 12...20),
        ]
        for (name, value, allowed) in limits where !allowed.contains(value) { throw .field(name, value) }
        guard blockLength == 1 << UInt32(blockLog) else { throw .field("block_size", UInt64(blockLength)) }
        blockSize = Int(blockLength)
    }
}

/// Where an inode lies: the block of the inode table, and the offset in what the block decodes to.
struct InodeReference: RawRepresentable, Sendable {
    let rawValue: UInt64

    /// In bytes from the start of the table.
    var block: UInt64 { rawValue >> 16 }
    var offset: Int { Int(rawValue & 0xFFFF) }
}
