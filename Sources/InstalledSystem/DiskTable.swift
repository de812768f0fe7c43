public import PartitionTable

/// The partition table of an image, as it is read and as its bytes lie there.
public struct DiskTable {
    public let table: PartitionTable
    /// The first header's bytes that its own size counts.
    public let header: [UInt8]
    /// The used entries of its list, in order, each as long as the header says.
    public let entries: [[UInt8]]

    public init(reading path: String) throws(InstalledSystemError) {
        let image = try DiskImage(path)
        table = try image.readTable()
        let primary = table.primary
        header = try image.read(Self.headerByteCount, at: UInt64(primary.sectorBytes))
        let list = try image.read(primary.entriesByteCount, at: primary.entriesOffset)
        let size = Int(primary.entryBytes)
        entries = table.partitions.map { Array(list[($0.number - 1) * size..<$0.number * size]) }
    }

    /// Source: UEFI 2.10, section 5.3.2: the one size of revision 1.0.
    private static let headerByteCount = 92
}
