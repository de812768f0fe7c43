internal import BoundedBytes

/// What lies in a partition, by its magic numbers.
enum PartitionContent: Equatable {
    case ext(ExtSuperblock)
    /// Anything else, in words.
    case other(String)

    /// Bytes from the start of the partition that `init` looks at.
    static let probeByteCount = 0x1_0048

    init(probing bytes: [UInt8]) {
        func holds(_ magic: String, at offset: Int) -> Bool {
            bytes.count >= offset + magic.utf8.count
                && bytes[offset..<offset + magic.utf8.count].elementsEqual(magic.utf8)
        }
        // LUKS first: the data area of a volume may hold anything, also something that looks like ext4.
        if holds("LUKS", at: 0), bytes.count > 8, bytes[4] == 0xBA, bytes[5] == 0xBE {
            self = .other("a LUKS\(bytes[7]) volume")
        } else if let superblock = ExtSuperblock(probing: bytes) {
            self = .ext(superblock)
        } else if holds("XFSB", at: 0) {
            self = .other("an XFS file system")
        } else if holds("_BHRfS_M", at: 0x1_0040) {
            self = .other("a Btrfs file system")
        } else if holds("FAT32", at: 0x52) || holds("FAT", at: 0x36) {
            self = .other("a FAT file system")
        } else if holds("hsqs", at: 0) {
            self = .other("a SquashFS file system")
        } else if holds("LABELONE", at: 0x200) {
            self = .other("an LVM volume")
        } else if holds("SWAPSPACE2", at: 0xFF6) {
            self = .other("swap space")
        } else {
            self = .other("nothing that is known here")
        }
    }

    var name: String {
        switch self {
        case .ext: "ext4"
        case .other(let words): words
        }
    }
}

/// The few fields of an ext2, ext3 or ext4 superblock that are needed.
///
/// Source: Linux, Documentation/filesystems/ext4/super.rst. It lies at 1024; integers are little-endian.
struct ExtSuperblock: Equatable {
    let blockBytes: UInt64
    let blockCount: UInt64
    /// Where it was mounted last; empty if never.
    let lastMounted: String

    var byteCount: UInt64 { blockBytes * blockCount }

    init?(probing bytes: [UInt8]) {
        let fields = try? Self.read(bytes)
        guard let fields, fields.magic == 0xEF53, fields.logBlock <= 6 else { return nil }
        blockBytes = 1024 << UInt64(fields.logBlock)
        // Incompatible feature 0x80: block numbers have 64 bits.
        let high = fields.features & 0x80 == 0 ? 0 : UInt64(fields.high) << 32
        blockCount = high | UInt64(fields.low)
        lastMounted = String(decoding: fields.mounted.prefix { $0 != 0 }, as: UTF8.self)
        guard blockCount > 0, blockCount <= UInt64(Int64.max) / blockBytes else { return nil }
    }

    private static func read(
        _ bytes: [UInt8]
    ) throws(ByteError) -> (
        low: UInt32, logBlock: UInt32, magic: UInt16, features: UInt32, mounted: [UInt8], high: UInt32
    ) {
        var reader = ByteReader(bytes.span)
        try reader.skip(to: 1024 + 0x04)
        let low: UInt32 = try reader.integer()
        try reader.skip(to: 1024 + 0x18)
        let logBlock: UInt32 = try reader.integer()
        try reader.skip(to: 1024 + 0x38)
        let magic: UInt16 = try reader.integer()
        try reader.skip(to: 1024 + 0x60)
        let features: UInt32 = try reader.integer()
        try reader.skip(to: 1024 + 0x88)
        let mounted = try reader.bytes(64)
        try reader.skip(to: 1024 + 0x150)
        return (low, logBlock, magic, features, mounted, try reader.integer())
    }
}
