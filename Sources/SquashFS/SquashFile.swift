internal import BoundedBytes

/// What a file consists of: whole blocks one after the other, and what is left in a fragment that files share.
struct SquashFile {
    /// The longest file that is read, in bytes.
    private static let longest: UInt64 = 64 << 20
    private static let noFragment: UInt32 = 0xFFFF_FFFF

    let start: UInt64
    let size: UInt64
    let fragment: UInt32
    /// In what the fragment decodes to.
    let offset: UInt32
    /// Of each block; zero is a block of zeros.
    private var blocks: [StoredLength] = []

    init(start: UInt64, size: UInt64, fragment: UInt32, offset: UInt32) {
        self.start = start
        self.size = size
        self.fragment = fragment
        self.offset = offset
    }

    mutating func readBlocks(from metadata: inout SquashMetadata, blockSize: Int) throws(SquashError) {
        guard size <= Self.longest else { throw .field("length of a file", size) }
        let whole = Int(size) / blockSize
        let count = fragment == Self.noFragment && Int(size) % blockSize > 0 ? whole + 1 : whole
        let bytes = try metadata.read(4 * count)
        blocks = try SquashInode.fields(bytes) { reader throws(ByteError) in
            var blocks: [StoredLength] = []
            for _ in 0..<count { blocks.append(StoredLength(data: try reader.integer())) }
            return blocks
        }
    }

    /// The first `limit` bytes, or all of them where there are fewer.
    ///
    /// - Throws: whatever the limit, where the blocks are not all there.
    func read(
        _ source: SquashBlocks, _ superblock: SquashSuperblock, limit: Int
    ) throws(SquashError) -> [UInt8] {
        var result: [UInt8] = []
        var place = start
        for (index, stored) in blocks.enumerated() {
            let expected = min(superblock.blockSize, Int(size) - index * superblock.blockSize)
            _ = try source.raw(stored.byteCount, at: place)
            if result.count < limit { result += try Self.content(source, stored, at: place, expected: expected) }
            place += UInt64(stored.byteCount)
        }
        let left = Int(size) - blocks.count * superblock.blockSize
        if left > 0 {
            let tail = try tail(source, superblock, count: left)
            if result.count < limit { result += tail }
        }
        return Array(result.prefix(limit))
    }

    private static func content(
        _ source: SquashBlocks, _ stored: StoredLength, at place: UInt64, expected: Int
    ) throws(SquashError) -> [UInt8] {
        guard stored.byteCount > 0 else { return [UInt8](repeating: 0, count: expected) }
        let content = try source.block(stored, at: place, limit: expected)
        guard content.count == expected else {
            throw .blockLength(offset: Int(clamping: place), expected: expected, found: content.count)
        }
        return content
    }

    /// The part in the fragment.
    ///
    /// The table of fragments has 16 bytes each: where the block lies (8), its stored length as above (4), and four
    /// that are not used. Its blocks of metadata, of 512 entries each, are found by a list of their places.
    private func tail(
        _ source: SquashBlocks, _ superblock: SquashSuperblock, count: Int
    ) throws(SquashError) -> [UInt8] {
        guard fragment < superblock.fragmentCount else { throw .field("fragment", UInt64(fragment)) }
        let (pointer, overflows) = superblock.fragmentTable.addingReportingOverflow(UInt64(fragment / 512 * 8))
        guard !overflows else { throw .field("fragment table", superblock.fragmentTable) }
        let table: UInt64 = try SquashInode.fields(Array(try source.raw(8, at: pointer))) {
            reader throws(ByteError) in try reader.integer()
        }
        var metadata = try SquashMetadata(source, at: table, offset: Int(fragment % 512) * 16)
        let (place, stored) = try SquashInode.fields(try metadata.read(16)) { reader throws(ByteError) in
            (try reader.integer(UInt64.self), StoredLength(data: try reader.integer()))
        }
        let shared = try source.block(stored, at: place, limit: superblock.blockSize)
        guard shared.count - count >= Int(offset) else {
            throw .blockLength(offset: Int(clamping: place), expected: Int(offset) + count, found: shared.count)
        }
        return Array(shared[Int(offset)..<Int(offset) + count])
    }
}
