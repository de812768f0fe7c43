public import BoundedBytes

/// One copy of the GPT header, checked by itself.
///
/// Source: UEFI specification 2.10, section 5.3.2, table 5-5. Integers are little-endian; each offset
/// below is the document's, in bytes from the start of the header.
public struct PartitionTableHeader: Equatable, Sendable {
    public let copy: PartitionTableError.Copy
    /// Bytes a logical block: 512 or 4096.
    public let sectorBytes: Int
    /// Length of the header in bytes, 92 or more; the checksum covers as much.
    public let headerBytes: UInt32  // 12
    public let ownLBA: UInt64  // 24
    public let alternateLBA: UInt64  // 32
    public let firstUsableLBA: UInt64  // 40
    public let lastUsableLBA: UInt64  // 48
    public let diskGUID: GUID  // 56
    public let entriesLBA: UInt64  // 72
    public let entryCount: UInt32  // 80
    public let entryBytes: UInt32  // 84
    public let entriesChecksum: UInt32  // 88
    /// The whole sector, for writing it back with what this code does not know.
    let sector: [UInt8]

    /// The longest list of entries that is read, in bytes; common tables have 16 KiB.
    static let longestList = 1 << 20

    /// Where the list of entries lies, in bytes from the start of the image, and its length.
    public var entriesOffset: UInt64 { entriesLBA * UInt64(sectorBytes) }
    public var entriesByteCount: Int { Int(entryCount) * Int(entryBytes) }
    /// Where the other copy of the header lies, in bytes from the start of the image.
    public var alternateOffset: UInt64 { alternateLBA * UInt64(sectorBytes) }

    /// Reads the header in `sector`, which lies at `lba` of an image of `sectorCount` sectors.
    public init(
        parsing sector: [UInt8], copy: PartitionTableError.Copy, at lba: UInt64, sectorCount: UInt64
    ) throws(PartitionTableError) {
        self.copy = copy
        self.sector = sector
        sectorBytes = sector.count
        guard sectorBytes == 512 || sectorBytes == 4096 else {
            throw .bytes(copy, .truncated(offset: 0, needed: 512, available: sectorBytes))
        }
        guard sector.starts(with: Self.signature) else { throw .signature(copy) }
        let revision: UInt32
        let checksum: UInt32
        do throws(ByteError) {
            var reader = ByteReader(sector.span)
            try reader.skip(to: 8)
            revision = try reader.integer()
            headerBytes = try reader.integer()
            checksum = try reader.integer()
            try reader.reserved(4)
            ownLBA = try reader.integer()
            alternateLBA = try reader.integer()
            firstUsableLBA = try reader.integer()
            lastUsableLBA = try reader.integer()
            diskGUID = try reader.guid()
            entriesLBA = try reader.integer()
            entryCount = try reader.integer()
            entryBytes = try reader.integer()
            entriesChecksum = try reader.integer()
        } catch {
            throw .bytes(copy, error)
        }
        guard revision == 0x0001_0000 else { throw .revision(copy, revision) }
        guard headerBytes >= 92, headerBytes <= sector.count else { throw .headerSize(copy, headerBytes) }
        guard Self.checksum(of: sector, count: Int(headerBytes)) == checksum else { throw .headerChecksum(copy) }
        guard ownLBA == lba else { throw .ownAddress(copy, ownLBA) }
        try checkLayout(sectorCount: sectorCount)
    }

    private func checkLayout(sectorCount: UInt64) throws(PartitionTableError) {
        guard entryBytes >= 128, entryBytes.nonzeroBitCount == 1, entryBytes <= 4096 else {
            throw .entrySize(copy, entryBytes)
        }
        guard entryCount > 0, UInt64(entryCount) * UInt64(entryBytes) <= UInt64(Self.longestList) else {
            throw .entryCount(copy, entryCount)
        }
        func fits(_ field: String, _ value: UInt64, _ allowed: Bool) throws(PartitionTableError) {
            guard allowed else { throw .layout(copy, field: field, value: value) }
        }
        // Every number is compared with the size of the image first; nothing below can wrap around.
        try fits("size of the image", sectorCount, sectorCount <= UInt64.max / UInt64(sectorBytes))
        try fits("alternate LBA", alternateLBA, alternateLBA < sectorCount && alternateLBA != ownLBA)
        try fits("first usable LBA", firstUsableLBA, firstUsableLBA < sectorCount && firstUsableLBA > 1)
        let isOrdered = lastUsableLBA < sectorCount && lastUsableLBA >= firstUsableLBA
        try fits("last usable LBA", lastUsableLBA, isOrdered)
        try fits("entries LBA", entriesLBA, entriesLBA < sectorCount && entriesLBA > 1)
        let end = entriesLBA + listSectors
        let isBetween =
            copy == .primary
            ? ownLBA < entriesLBA && end <= firstUsableLBA && alternateLBA > lastUsableLBA
            : lastUsableLBA < entriesLBA && end <= ownLBA && alternateLBA < firstUsableLBA
        try fits("entries LBA", entriesLBA, isBetween)
    }

    /// Sectors that the list of entries takes, the last one perhaps in part.
    var listSectors: UInt64 { UInt64((entriesByteCount + sectorBytes - 1) / sectorBytes) }

    static let signature = Array("EFI PART".utf8)

    /// CRC-32 of the first `count` bytes, with the checksum field itself (16 to 19) as zero.
    static func checksum(of sector: [UInt8], count: Int) -> UInt32 {
        var header = Array(sector.prefix(count))
        for index in 16..<20 where index < header.count { header[index] = 0 }
        return Checksum.crc32(header)
    }
}
