import BoundedBytes

@testable import PartitionTable

enum PartitionTableTargets {
    /// An image, of which all checksums are set right, so that what is behind that check is reached.
    static let partitionTable: Fuzz.Target = { input in
        var image = input
        let size = try PartitionTable.sectorBytes(inHead: Array(input.prefix(8192)))
        let table = try read(&image, size)
        let header = table.primary
        var end = header.firstUsableLBA
        for partition in table.partitions.sorted(by: { $0.firstLBA < $1.firstLBA }) {
            demand(partition.firstLBA >= end && partition.lastLBA <= header.lastUsableLBA, "partitions do not overlap")
            end = partition.lastLBA + 1
        }
        demand(header.lastUsableLBA < UInt64(image.count / size), "the table lies on the disk")

        // The last partition, larger by a sector in a larger image.
        guard let last = table.partitions.max(by: { $0.lastLBA < $1.lastLBA }) else { return }
        let needed = table.leastSectorCount(forEndAt: last.lastLBA + 1)
        let count = max(needed, UInt64(image.count / size) + 1)
        MemoryBound.addInput(Int(count) * size - image.count)
        image += [UInt8](repeating: 0, count: Int(count) * size - image.count)
        for range in try table.growing(last, toEndAt: last.lastLBA + 1, sectorCount: count) {
            let place = Int(range.offset)..<Int(range.offset) + range.bytes.count
            demand(place.upperBound <= image.count, "what is written lies in the image")
            image.replaceSubrange(place, with: range.bytes)
        }
        let grown = succeed("a table that has grown is a table") { try read(&image, size, areChecksumsRight: true) }
        for (old, new) in zip(table.partitions, grown.partitions) {
            let isRight = old == last ? new.lastLBA == old.lastLBA + 1 : new == old
            demand(isRight, "only the one partition grows")
        }
    }

    private static func read(
        _ image: inout [UInt8], _ size: Int, areChecksumsRight: Bool = false
    ) throws -> PartitionTable {
        let primary = try header(.primary, at: 1, of: &image, size, areChecksumsRight)
        let backup = try header(.backup, at: primary.alternateLBA, of: &image, size, areChecksumsRight)
        return try PartitionTable(
            primary: primary, entries: try entries(of: primary, in: image), backup: backup,
            backupEntries: try entries(of: backup, in: image))
    }

    private static func header(
        _ copy: PartitionTableError.Copy, at lba: UInt64, of image: inout [UInt8], _ size: Int, _ areRight: Bool
    ) throws -> PartitionTableHeader {
        let count = UInt64(image.count / size)
        guard lba < count else { throw PartitionTableError.notGPT }
        let place = Int(lba) * size..<(Int(lba) + 1) * size
        if !areRight { set(&image, place) }
        return try PartitionTableHeader(parsing: Array(image[place]), copy: copy, at: lba, sectorCount: count)
    }

    private static func entries(of header: PartitionTableHeader, in image: [UInt8]) throws -> [UInt8] {
        let start = Int(header.entriesOffset)
        guard header.entriesByteCount <= image.count - start else { throw PartitionTableError.notGPT }
        return Array(image[start..<start + header.entriesByteCount])
    }

    /// Sets the checksum of the list of entries, 88, and of the header itself, 16, where the header is no nonsense.
    private static func set(_ image: inout [UInt8], _ place: Range<Int>) {
        func number(_ offset: Int, _ count: Int) -> Int {
            image[place.lowerBound + offset..<place.lowerBound + offset + count].reversed().reduce(0) {
                $0 << 8 | Int($1)
            }
        }
        func put(_ value: UInt32, at offset: Int) {
            for index in 0..<4 {
                image[place.lowerBound + offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
            }
        }
        let (headerBytes, count, each) = (number(12, 4), number(80, 4), number(84, 4))
        let start = number(72, 7)
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: each)
        guard image[place.lowerBound + 79] == 0, start < image.count / place.count, !overflow,
            byteCount <= image.count - start * place.count
        else { return }
        put(Checksum.crc32(Array(image[start * place.count..<start * place.count + byteCount])), at: 88)
        put(PartitionTableHeader.checksum(of: Array(image[place]), count: headerBytes), at: 16)
    }
}
