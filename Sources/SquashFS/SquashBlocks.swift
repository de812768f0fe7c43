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

    /// What a block of `stored` bytes decodes to: at most `limit` bytes.
    func block(_ stored: Int, isCompressed: Bool, at offset: UInt64, limit: Int) throws(SquashError) -> [UInt8] {
        let content = Array(try raw(stored, at: offset))
        guard isCompressed else {
            guard stored <= limit else {
                throw .blockLength(offset: Int(clamping: offset), expected: limit, found: stored)
            }
            return content
        }
        do throws(XZError) { return try XZStream.decode(content, limit: limit) } catch {
            throw .block(offset: Int(clamping: offset), error)
        }
    }
}

/// Metadata from a place on: blocks of at most 8 KiB when they are decoded, which are read as one stream.
///
/// Each begins with its stored length, of which bit 15 says that it is not compressed. Source: Linux,
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
        let word = header.reversed().reduce(0) { $0 << 8 | Int($1) }
        let (stored, start) = (word & 0x7FFF, next + 2)
        content = try blocks.block(stored, isCompressed: word & 0x8000 == 0, at: start, limit: Self.blockLimit)
        // Otherwise a chain of empty blocks could be read for ever.
        guard !content.isEmpty else { throw .blockLength(offset: Int(clamping: start), expected: 1, found: 0) }
        position = 0
        next = start + UInt64(stored)
    }
}
