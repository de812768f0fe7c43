internal import BoundedBytes
internal import XZ

/// The bytes of a file system, and the blocks in them.
struct SquashBlocks: Sendable {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func raw(_ count: Int, at offset: UInt64) throws(SquashError) -> ArraySlice<UInt8> {
        guard let start = Int(exactly: offset), start <= bytes.count, (0...bytes.count - start).contains(count) else {
            throw .outside(offset: offset, byteCount: count)
        }
        return bytes[start..<start + count]
    }

    /// What a block decodes to: at most `limit` bytes.
    func block(_ stored: StoredLength, at offset: UInt64, limit: Int) throws(SquashError) -> [UInt8] {
        let content = Array(try raw(stored.byteCount, at: offset))
        guard stored.isCompressed else {
            guard content.count <= limit else {
                throw .blockLength(offset: Int(clamping: offset), expected: limit, found: content.count)
            }
            return content
        }
        do throws(XZError) { return try XZStream.decode(content, limit: limit) } catch {
            throw .block(offset: Int(clamping: offset), error)
        }
    }
}

/// How many bytes a block has on the disk, and whether they are compressed: a bit above the length says that they are not.
struct StoredLength {
    let byteCount: Int
    let isCompressed: Bool

    /// Of a block of a file, or of a fragment: bit 24.
    init(data word: UInt32) { self.init(Int(word), bit: 24) }

    /// Of a block of metadata: bit 15.
    init(metadata word: UInt16) { self.init(Int(word), bit: 15) }

    private init(_ word: Int, bit: Int) {
        byteCount = word & (1 << bit - 1)
        isCompressed = word & 1 << bit == 0
    }
}

/// Metadata from a place on: blocks of at most 8 KiB when they are decoded, which are read as one stream.
///
/// Each begins with its stored length. Source: Linux,
/// `Documentation/filesystems/squashfs.rst`, section 3.2.
struct SquashMetadata {
    private static let blockLimit = 8192

    private let blocks: SquashBlocks
    /// Where the next block begins.
    private var next: UInt64
    private var content: [UInt8] = []
    private var position = 0

    /// - Parameters:
    ///   - start: of a block, in bytes from the start of the file system.
    ///   - offset: in what the block decodes to.
    init(_ blocks: SquashBlocks, at start: UInt64, offset: Int) throws(SquashError) {
        self.blocks = blocks
        next = start
        try refill()
        guard offset <= content.count else { throw .outside(offset: start, byteCount: offset) }
        position = offset
    }

    mutating func read(_ count: Int) throws(SquashError) -> [UInt8] {
        var result: [UInt8] = []
        while result.count < count {
            if position == content.count { try refill() }
            let part = min(count - result.count, content.count - position)
            result += content[position..<position + part]
            position += part
        }
        return result
    }

    private mutating func refill() throws(SquashError) {
        let header = try blocks.raw(2, at: next)
        let stored = StoredLength(metadata: header.reversed().reduce(0) { $0 << 8 | UInt16($1) })
        let start = next + 2
        content = try blocks.block(stored, at: start, limit: Self.blockLimit)
        // Otherwise a chain of empty blocks could be read for ever.
        guard !content.isEmpty else { throw .blockLength(offset: Int(clamping: start), expected: 1, found: 0) }
        position = 0
        next = start + UInt64(stored.byteCount)
    }
}
