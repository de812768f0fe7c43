internal import BoundedBytes

/// A squashfs 4.0 file system in memory, read-only, whose blocks are compressed by xz or not at all. Files and
/// directories only: a link on the way is an error.
///
/// Source: Linux, `Documentation/filesystems/squashfs.rst`.
public struct SquashVolume: Sendable {
    private let source: SquashBlocks
    private let superblock: SquashSuperblock

    /// The longest directory that is read: bytes of its entries.
    private static let longestListing: UInt32 = 1 << 20

    /// Whether the bytes say that they are one, whatever else is wrong with them.
    public static func isAtStart(of bytes: [UInt8]) -> Bool { SquashSuperblock.isAtStart(of: bytes) }

    public init(parsing bytes: [UInt8]) throws(SquashError) {
        superblock = try SquashSuperblock(parsing: bytes)
        source = SquashBlocks(bytes)
    }

    /// The first `limit` bytes, or all of them where there are fewer, of the file that the names lead to from the root;
    /// nil where there is none.
    ///
    /// - Throws: whatever the limit, where the blocks of the file or of a directory on the way are not all there.
    public func file(at names: [String], limit: Int = .max) throws(SquashError) -> [UInt8]? {
        guard case .file(let file)? = try inode(at: names) else { return nil }
        return try file.read(source, superblock, limit: limit)
    }

    /// Whether the names lead to a directory; nil where nothing lies there.
    public func isDirectory(at names: [String]) throws(SquashError) -> Bool? {
        guard let inode = try inode(at: names) else { return nil }
        if case .directory = inode { return true }
        return false
    }

    private func inode(at names: [String]) throws(SquashError) -> SquashInode? {
        var found = try inode(at: superblock.root)
        for name in names {
            guard case .directory(let listing) = found, let reference = try entry(Array(name.utf8), in: listing)
            else { return nil }
            found = try inode(at: reference)
        }
        return found
    }

    private func inode(at reference: InodeReference) throws(SquashError) -> SquashInode {
        try SquashInode(source, table: superblock.inodeTable, at: reference, blockSize: superblock.blockSize)
    }

    /// Entries come in runs of at most 256, behind a header: one less than their number (4), the block of their inodes
    /// (4), and a number that theirs are counted from (4). Each is the offset in that block (2), 2 bytes, a type (2),
    /// one less than the length of the name (2), and the name.
    private func entry(_ name: [UInt8], in listing: SquashListing) throws(SquashError) -> InodeReference? {
        guard listing.storedSize > 3 else { return nil }
        guard listing.storedSize <= Self.longestListing else {
            throw .field("length of a directory", UInt64(listing.storedSize))
        }
        let (start, overflows) = superblock.directoryTable.addingReportingOverflow(UInt64(listing.block))
        guard !overflows else { throw .field("directory table", superblock.directoryTable) }
        var metadata = try SquashMetadata(source, at: start, offset: Int(listing.offset))
        let bytes = try metadata.read(Int(listing.storedSize) - 3)
        return try SquashInode.fields(bytes) { reader throws(ByteError) in
            while reader.remaining > 0 {
                let more: UInt32 = try reader.integer()
                let block: UInt32 = try reader.integer()
                try reader.skip(4)
                for _ in 0...UInt64(more) {
                    let offset: UInt16 = try reader.integer()
                    try reader.skip(4)
                    let length: UInt16 = try reader.integer()
                    guard try reader.bytes(Int(length) + 1) == name else { continue }
                    return InodeReference(rawValue: UInt64(block) << 16 | UInt64(offset))
                }
            }
            return nil
        }
    }
}
