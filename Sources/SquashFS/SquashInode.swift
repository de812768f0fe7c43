internal import BoundedBytes

/// A file or a directory, without its name.
///
/// Source: Linux, `fs/squashfs/squashfs_fs.h`, `struct squashfs_dir_inode` and those after it. Integers are
/// little-endian.
enum SquashInode {
    case directory(SquashListing)
    case file(SquashFile)

    /// Reads the inode that lies at `reference` of the table at `table`.
    init(
        _ blocks: SquashBlocks, table: UInt64, at reference: InodeReference, blockSize: Int
    ) throws(SquashError) {
        let (start, overflows) = table.addingReportingOverflow(reference.block)
        guard !overflows else { throw .field("inode reference", reference.rawValue) }
        var metadata = try SquashMetadata(blocks, at: start, offset: reference.offset)
        let type: UInt16 = try Self.fields(try metadata.read(16)) { reader throws(ByteError) in try reader.integer() }
        switch type {
        case 1:
            self = .directory(
                try Self.fields(try metadata.read(16)) { reader throws(ByteError) in
                    let block: UInt32 = try reader.integer()
                    try reader.skip(4)
                    let size: UInt16 = try reader.integer()
                    return SquashListing(block: block, offset: try reader.integer(), storedSize: UInt32(size))
                })
        case 8:
            self = .directory(
                try Self.fields(try metadata.read(24)) { reader throws(ByteError) in
                    try reader.skip(4)
                    let size: UInt32 = try reader.integer()
                    let block: UInt32 = try reader.integer()
                    try reader.skip(6)
                    return SquashListing(block: block, offset: try reader.integer(), storedSize: size)
                })
        case 2:
            var file = try Self.fields(try metadata.read(16)) { reader throws(ByteError) in
                let start: UInt32 = try reader.integer()
                let fragment: UInt32 = try reader.integer()
                let offset: UInt32 = try reader.integer()
                let size: UInt32 = try reader.integer()
                return SquashFile(start: UInt64(start), size: UInt64(size), fragment: fragment, offset: offset)
            }
            try file.readBlocks(from: &metadata, blockSize: blockSize)
            self = .file(file)
        case 9:
            var file = try Self.fields(try metadata.read(40)) { reader throws(ByteError) in
                let start: UInt64 = try reader.integer()
                let size: UInt64 = try reader.integer()
                try reader.skip(12)
                let fragment: UInt32 = try reader.integer()
                return SquashFile(start: start, size: size, fragment: fragment, offset: try reader.integer())
            }
            try file.readBlocks(from: &metadata, blockSize: blockSize)
            self = .file(file)
        default: throw .kind(type)
        }
    }

    static func fields<Value>(
        _ bytes: [UInt8], _ body: (inout ByteReader) throws(ByteError) -> Value
    ) throws(SquashError) -> Value {
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            return try body(&reader)
        } catch { throw .bytes(error) }
    }
}

/// Where the entries of a directory lie: in the table of directories.
struct SquashListing {
    /// In bytes from the start of the table, and then in what the block decodes to.
    let block: UInt32
    let offset: UInt16
    /// Three more than there are bytes: the length counts `.` and `..`, too.
    let storedSize: UInt32
}
