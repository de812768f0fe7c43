internal import BoundedBytes

/// The layout of a FAT file system, from its first sector.
///
/// Source: Microsoft, "FAT: General Overview of On-Disk Format", 1.03, sections "Boot Sector and BPB" and "FAT Type
/// Determination"; offsets below are the document's. Integers are little-endian, lengths in bytes.
struct FATBootSector: Equatable {
    enum Width: Int { case twelve = 12, sixteen = 16, thirtyTwo = 32 }

    let clusterBytes: Int
    /// Bits of an entry of the table. The number of clusters alone decides it.
    let width: Width
    /// Clusters are numbered from 2 to this number plus 1.
    let clusterCount: UInt32
    let tableOffset: UInt64
    /// The part of the first table that has the entries of all clusters.
    let tableByteCount: Int
    /// The root folder where it lies before the clusters, as on FAT12 and FAT16.
    let rootRange: Range<UInt64>
    /// Its first cluster on FAT32.
    let rootCluster: UInt32
    let dataOffset: UInt64
    let serialNumber: UInt32

    static let byteCount = 512
    /// The longest table that is read, in bytes: that of 8 million clusters.
    private static let longestTable: UInt64 = 1 << 25

    init(parsing sector: [UInt8], volumeByteCount: UInt64) throws(FATError) {
        let fields: Fields
        do throws(ByteError) { fields = try Fields(sector) } catch { throw .bytes(error) }
        func require(_ name: String, _ value: UInt64, _ isRight: Bool) throws(FATError) {
            guard isRight else { throw .field(name, value) }
        }
        let sectorBytes = UInt64(fields.sectorBytes)
        try require("Signature_word", UInt64(fields.signature), fields.signature == 0xAA55)
        try require("BPB_BytsPerSec", sectorBytes, [512, 1024, 2048, 4096].contains(sectorBytes))
        let perCluster = UInt64(fields.clusterSectors)
        try require("BPB_SecPerClus", perCluster, perCluster.nonzeroBitCount == 1)
        try require("BPB_RsvdSecCnt", UInt64(fields.reservedSectors), fields.reservedSectors > 0)
        try require("BPB_NumFATs", UInt64(fields.tables), (1...2).contains(fields.tables))
        let tableSectors = UInt64(fields.tableSectors16 > 0 ? UInt32(fields.tableSectors16) : fields.tableSectors32)
        try require("BPB_FATSz", tableSectors, tableSectors > 0)
        let sectors = UInt64(fields.sectors16 > 0 ? UInt32(fields.sectors16) : fields.sectors32)
        // None of the factors has more than 32 bits, so nothing here can wrap around.
        let rootBytes = UInt64(fields.rootEntries) * 32
        let rootStart = UInt64(fields.reservedSectors) + UInt64(fields.tables) * tableSectors
        let dataStart = rootStart + (rootBytes + sectorBytes - 1) / sectorBytes
        try require("BPB_TotSec", sectors, sectors > dataStart)
        guard sectors * sectorBytes <= volumeByteCount else {
            throw .cut(needed: sectors * sectorBytes, available: volumeByteCount)
        }
        let clusters = (sectors - dataStart) / perCluster
        try require("count of clusters", clusters, (1...0x0FFF_FFF5).contains(clusters))
        width = clusters < 4085 ? .twelve : clusters < 65525 ? .sixteen : .thirtyTwo
        let isWide = width == .thirtyTwo
        try require("BPB_RootEntCnt", UInt64(fields.rootEntries), isWide == (fields.rootEntries == 0))
        clusterCount = UInt32(clusters)
        clusterBytes = Int(perCluster * sectorBytes)
        let needed = ((clusters + 2) * UInt64(width.rawValue) + 7) / 8
        try require("BPB_FATSz", tableSectors, needed <= tableSectors * sectorBytes && needed <= Self.longestTable)
        tableOffset = UInt64(fields.reservedSectors) * sectorBytes
        tableByteCount = Int(needed)
        rootRange = rootStart * sectorBytes..<rootStart * sectorBytes + rootBytes
        dataOffset = dataStart * sectorBytes
        rootCluster = isWide ? fields.rootCluster : 0
        serialNumber = isWide ? fields.serial32 : fields.serial16
    }

    /// As they lie on the disk.
    private struct Fields {
        let sectorBytes: UInt16  // 11
        let clusterSectors: UInt8  // 13
        let reservedSectors: UInt16  // 14
        let tables: UInt8  // 16
        let rootEntries: UInt16  // 17
        let sectors16: UInt16  // 19
        let tableSectors16: UInt16  // 22
        let sectors32: UInt32  // 32
        let tableSectors32: UInt32  // 36
        let serial16: UInt32  // 39
        let rootCluster: UInt32  // 44
        let serial32: UInt32  // 67
        let signature: UInt16  // 510

        init(_ sector: [UInt8]) throws(ByteError) {
            func at<T: FixedWidthInteger & UnsignedInteger>(_ offset: Int) throws(ByteError) -> T {
                var reader = ByteReader(sector.span)
                try reader.skip(to: offset)
                return try reader.integer()
            }
            sectorBytes = try at(11)
            clusterSectors = try at(13)
            reservedSectors = try at(14)
            tables = try at(16)
            rootEntries = try at(17)
            sectors16 = try at(19)
            tableSectors16 = try at(22)
            sectors32 = try at(32)
            tableSectors32 = try at(36)
            serial16 = try at(39)
            rootCluster = try at(44)
            serial32 = try at(67)
            signature = try at(510)
        }
    }
}
