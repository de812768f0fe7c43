internal import BoundedBytes

/// The few fields of an ext2, ext3 or ext4 superblock that are needed.
///
/// Source: Linux, Documentation/filesystems/ext4/super.rst. It lies at 1024; integers are little-endian.
public struct ExtSuperblock: Equatable, Sendable {
    public let blockBytes: UInt64
    public let blockCount: UInt64
    /// Where it was mounted last; empty if never.
    public let lastMounted: String

    /// As blkid and GRUB write it.
    public let identifier: String
    /// Empty where there is none.
    public let label: String

    public var byteCount: UInt64 { blockBytes * blockCount }

    public init?(probing bytes: [UInt8]) {
        let fields = try? Self.read(bytes)
        guard let fields, fields.magic == 0xEF53, fields.logBlock <= 6 else { return nil }
        blockBytes = 1024 << UInt64(fields.logBlock)
        // Incompatible feature 0x80: block numbers have 64 bits.
        let high = fields.features & 0x80 == 0 ? 0 : UInt64(fields.high) << 32
        blockCount = high | UInt64(fields.low)
        lastMounted = String(decoding: fields.mounted.prefix { $0 != 0 }, as: UTF8.self)
        identifier = Self.grouped(fields.identifier)
        label = String(decoding: fields.label.prefix { $0 != 0 }, as: UTF8.self)
        guard blockCount > 0, blockCount <= UInt64(Int64.max) / blockBytes else { return nil }
    }

    private static func read(
        _ bytes: [UInt8]
    ) throws(ByteError) -> (
        low: UInt32, logBlock: UInt32, magic: UInt16, features: UInt32, identifier: [UInt8], label: [UInt8],
        mounted: [UInt8], high: UInt32
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
        try reader.skip(to: 1024 + 0x68)
        let identifier = try reader.bytes(16)
        let label = try reader.bytes(16)
        let mounted = try reader.bytes(64)
        try reader.skip(to: 1024 + 0x150)
        return (low, logBlock, magic, features, identifier, label, mounted, try reader.integer())
    }

    /// Digits in groups of 8, 4, 4, 4 and 12; unlike a GUID the bytes stand in the order of the text.
    private static func grouped(_ bytes: [UInt8]) -> String {
        let ends = [4, 6, 8, 10, 16]
        return zip([0] + ends, ends).map { Hexadecimal.encode(bytes[$0..<$1]) }.joined(separator: "-")
    }
}
