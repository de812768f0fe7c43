public import BoundedBytes

/// A GUID partition table of which both copies are whole and say the same.
///
/// It reads no file: the caller fetches the ranges that each `PartitionTableHeader` names.
public struct PartitionTable: Equatable, Sendable {
    public let primary: PartitionTableHeader
    public let backup: PartitionTableHeader
    /// The used entries in the order of the list.
    public let partitions: [Partition]
    /// The list of entries as it lies on the disk.
    let entries: [UInt8]

    public var sectorBytes: Int { primary.sectorBytes }
    public var diskGUID: GUID { primary.diskGUID }

    /// The size of a sector in bytes, from the first 8 KiB of an image: where LBA 1 has the signature.
    public static func sectorBytes(inHead head: [UInt8]) throws(PartitionTableError) -> Int {
        for size in [512, 4096] where head.count >= 2 * size {
            if Array(head[size..<size + 8]) == PartitionTableHeader.signature { return size }
        }
        throw .notGPT
    }

    /// Joins two headers and the lists of entries that lie where they say.
    public init(
        primary: PartitionTableHeader, entries: [UInt8], backup: PartitionTableHeader, backupEntries: [UInt8]
    ) throws(PartitionTableError) {
        func same<T: Equatable>(_ field: String, _ one: T, _ other: T) throws(PartitionTableError) {
            guard one == other else { throw .copiesDiffer(field: field) }
        }
        try Self.check(entries, against: primary)
        try Self.check(backupEntries, against: backup)
        try same("role", [primary.copy, backup.copy], [.primary, .backup])
        try same("sector size", primary.sectorBytes, backup.sectorBytes)
        try same("alternate LBA", primary.alternateLBA, backup.ownLBA)
        try same("alternate LBA", backup.alternateLBA, primary.ownLBA)
        try same("first usable LBA", primary.firstUsableLBA, backup.firstUsableLBA)
        try same("last usable LBA", primary.lastUsableLBA, backup.lastUsableLBA)
        try same("disk GUID", primary.diskGUID, backup.diskGUID)
        try same("entry size", primary.entryBytes, backup.entryBytes)
        try same("entries", entries, backupEntries)
        self.primary = primary
        self.backup = backup
        self.entries = entries
        partitions = try Self.partitions(in: entries, of: primary)
    }

    private static func check(_ entries: [UInt8], against header: PartitionTableHeader) throws(PartitionTableError) {
        guard entries.count == header.entriesByteCount, Checksum.crc32(entries) == header.entriesChecksum else {
            throw .entriesChecksum(header.copy)
        }
    }

    private static func partitions(
        in entries: [UInt8], of header: PartitionTableHeader
    ) throws(PartitionTableError) -> [Partition] {
        var partitions: [Partition] = []
        let size = Int(header.entryBytes)
        for index in 0..<Int(header.entryCount) {
            let entry = Array(entries[index * size..<(index + 1) * size])
            let partition = try readEntry(entry, number: index + 1)
            guard let partition else { continue }
            let isInside = partition.firstLBA >= header.firstUsableLBA && partition.lastLBA <= header.lastUsableLBA
            guard isInside, partition.firstLBA <= partition.lastLBA else {
                throw .partitionBounds(
                    number: partition.number, first: partition.firstLBA, last: partition.lastLBA)
            }
            partitions.append(partition)
        }
        let ordered = partitions.sorted { $0.firstLBA < $1.firstLBA }
        for (one, next) in zip(ordered, ordered.dropFirst()) where next.firstLBA <= one.lastLBA {
            throw .partitionsOverlap(one.number, next.number)
        }
        return partitions
    }

    private static func readEntry(_ entry: [UInt8], number: Int) throws(PartitionTableError) -> Partition? {
        do throws(ByteError) {
            return try Partition(parsing: entry, number: number)
        } catch {
            throw .bytes(.primary, error)
        }
    }

    /// The last sector that `partition` could have without moving the one behind it.
    ///
    /// - Returns: nil for the last partition, which can grow with the image.
    public func limit(of partition: Partition) -> UInt64? {
        partitions.filter { $0.firstLBA > partition.lastLBA }.map { $0.firstLBA - 1 }.min()
    }
}
