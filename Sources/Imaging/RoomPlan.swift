internal import FileSystems
internal import LUKS
internal import PartitionTable

/// Where the room for the LUKS2 header comes from, decided on the checked copy of the file system.
enum RoomPlan: Equatable {
    /// There is room behind the file system.
    case unchanged
    /// The file system shrinks to so many of its blocks.
    case shrink(blockCount: UInt64)
    /// The partition grows by the size of the header.
    case grow

    /// - Parameters:
    ///   - partitionBytes: size of the partition.
    ///   - minimumBlockCount: asks resize2fs; only where the answer matters.
    static func make(
        for superblock: ExtSuperblock, partitionBytes: UInt64, minimumBlockCount: () throws(ImagingError) -> UInt64
    ) throws(ImagingError) -> RoomPlan {
        let header = Reencryption.headerByteCount
        // A data area as small as the header itself cannot be moved by it.
        guard partitionBytes > 2 * header else { return .grow }
        let room = partitionBytes - header
        if superblock.byteCount <= room { return .unchanged }
        let wanted = room / superblock.blockBytes
        return try minimumBlockCount() <= wanted ? .shrink(blockCount: wanted) : .grow
    }
}

extension Journal {
    /// Enlarges the partition by the size of the header, and the image where it is too short.
    ///
    /// - Parameter protectiveRecord: the first 512 bytes of the image.
    mutating func grow(
        _ partition: Partition, in table: PartitionTable, protectiveRecord: [UInt8]
    ) throws(ImagingError) {
        let header = Reencryption.headerByteCount
        let sector = UInt64(table.sectorBytes)
        let last = partition.lastLBA + header / sector
        guard last <= table.limit(of: partition) ?? .max else {
            throw .cannotGrow(partition: partition.number, needed: header)
        }
        newByteCount = byteCount + header
        let least = table.leastSectorCount(forEndAt: last) * sector
        // Whole mebibytes: some clouds take no other image.
        let mebibyte: UInt64 = 1 << 20
        newImageByteCount = max(imageByteCount, (least + mebibyte - 1) / mebibyte * mebibyte)
        let sectorCount = newImageByteCount / sector
        let ranges = try tables { () throws(PartitionTableError) in
            try table.growing(partition, toEndAt: last, sectorCount: sectorCount)
        }
        let record = PartitionTable.protectiveRecord(protectiveRecord, sectorCount: sectorCount)
        tableRanges = ranges + [DiskRange(offset: 0, bytes: record)]
    }
}
