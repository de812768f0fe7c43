public import BoundedBytes

/// One used entry of the table.
///
/// Source: UEFI specification 2.10, section 5.3.3, table 5-6. Integers are little-endian.
public struct Partition: Equatable, Sendable {
    /// Its place in the list, from 1, as in `/dev/sda1`.
    public let number: Int
    public let typeGUID: GUID  // 0
    public let uniqueGUID: GUID  // 16
    public let firstLBA: UInt64  // 32
    /// The last sector that belongs to it.
    public let lastLBA: UInt64  // 40
    public let attributes: UInt64  // 48
    /// Up to 36 UTF-16 units on the disk; what is no valid UTF-16 shows as U+FFFD.
    public let name: String  // 56

    public var sectorCount: UInt64 { lastLBA - firstLBA + 1 }

    /// Reads one entry, or returns nil for an unused one. Bounds are the table's business.
    init?(parsing entry: [UInt8], number: Int) throws(ByteError) {
        var reader = ByteReader(entry.span)
        self.number = number
        typeGUID = try reader.guid()
        uniqueGUID = try reader.guid()
        firstLBA = try reader.integer()
        lastLBA = try reader.integer()
        attributes = try reader.integer()
        name = String(decoding: try reader.units(36).prefix { $0 != 0 }, as: UTF16.self)
        if typeGUID.isZero { return nil }
    }
}

extension GUID {
    /// The type of an EFI system partition. Source: UEFI 2.10, section 5.3.3, table 5-7.
    public static let efiSystem = GUID(0xc12a_7328, 0xf81f, 0x11d2, 0xba4b, 0x00a0_c93e_c93b)
    /// The type of a root partition for x86-64.
    ///
    /// Source: UAPI group specification 2, "Discoverable Partitions".
    public static let rootX8664 = GUID(0x4f68_bce3, 0xe8cd, 0x4db1, 0x96e7, 0xfbca_f984_b709)
    /// The type of `/boot` where it is not the EFI system partition (same source).
    public static let extendedBootLoader = GUID(0xbc13_c2ff, 0x59e6, 0x4262, 0xa352, 0xb275_fd6f_7172)
}
