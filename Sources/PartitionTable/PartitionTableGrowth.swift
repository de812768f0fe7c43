internal import BoundedBytes

/// Bytes and where they go, in bytes from the start of the image.
public struct DiskRange: Equatable, Sendable {
    public let offset: UInt64
    public let bytes: [UInt8]

    public init(offset: UInt64, bytes: [UInt8]) {
        self.offset = offset
        self.bytes = bytes
    }
}

extension PartitionTable {
    /// The table with `partition` enlarged to end at `last`, for an image of `sectorCount` sectors.
    ///
    /// The backup copy goes to the end of the image, where it belongs.
    /// - Returns: the ranges to write, in an order in which one copy is whole at every moment: backup
    ///   list, backup header, primary list, primary header.
    public func growing(
        _ partition: Partition, toEndAt last: UInt64, sectorCount: UInt64
    ) throws(PartitionTableError) -> [DiskRange] {
        let list = primary.listSectors
        let isRoomy = sectorCount > primary.firstUsableLBA + list + 1 && sectorCount <= UInt64.max / 4096
        guard isRoomy, last >= partition.lastLBA, last <= limit(of: partition) ?? .max else {
            throw .noSpace(number: partition.number, last: last)
        }
        let backupLBA = sectorCount - 1
        let backupList = backupLBA - list
        guard last < backupList else { throw .noSpace(number: partition.number, last: last) }

        var grown = entries
        grown.replace(last, at: (partition.number - 1) * Int(primary.entryBytes) + 40)
        let checksum = Checksum.crc32(grown)
        func header(_ old: PartitionTableHeader, own: UInt64, alternate: UInt64, list: UInt64) -> DiskRange {
            var sector = old.sector
            sector.replace(own, at: 24)
            sector.replace(alternate, at: 32)
            sector.replace(backupList - 1, at: 48)
            sector.replace(list, at: 72)
            sector.replace(checksum, at: 88)
            sector.replace(PartitionTableHeader.checksum(of: sector, count: Int(old.headerBytes)), at: 16)
            return DiskRange(offset: own * UInt64(sectorBytes), bytes: sector)
        }
        return [
            DiskRange(offset: backupList * UInt64(sectorBytes), bytes: grown),
            header(backup, own: backupLBA, alternate: primary.ownLBA, list: backupList),
            DiskRange(offset: primary.entriesOffset, bytes: grown),
            header(primary, own: primary.ownLBA, alternate: backupLBA, list: primary.entriesLBA),
        ]
    }

    /// Sectors that an image has at least in which a partition ends at `last`: behind it come the backup
    /// list of entries and the backup header.
    public func leastSectorCount(forEndAt last: UInt64) -> UInt64 { last + 1 + primary.listSectors + 1 }

    /// The protective MBR `sector` for an image of `sectorCount` sectors; other entries stay as they are.
    ///
    /// Source: UEFI specification 2.10, section 5.2.3: an entry of type 0xEE has at offset 12 the
    /// number of sectors behind LBA 0, or 0xFFFFFFFF where that does not fit.
    public static func protectiveRecord(_ sector: [UInt8], sectorCount: UInt64) -> [UInt8] {
        var sector = sector
        for entry in stride(from: 446, to: 510, by: 16) where sector.count >= 512 && sector[entry + 4] == 0xEE {
            sector.replace(UInt32(clamping: sectorCount - min(1, sectorCount)), at: entry + 12)
        }
        return sector
    }
}

extension [UInt8] {
    /// Overwrites the bytes at `offset` with `value`, least significant byte first.
    fileprivate mutating func replace<T: FixedWidthInteger & UnsignedInteger>(_ value: T, at offset: Int) {
        var writer = ByteWriter()
        writer.littleEndian(value)
        replaceSubrange(offset..<offset + writer.bytes.count, with: writer.bytes)
    }
}
