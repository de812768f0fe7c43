import TestSupport
import Testing

@testable import PartitionTable

@Suite struct PartitionTableGrowthTests {
    private func apply(_ ranges: some Sequence<DiskRange>, to image: [UInt8]) -> [UInt8] {
        var image = image
        for range in ranges {
            image.replaceSubrange(Int(range.offset)..<Int(range.offset) + range.bytes.count, with: range.bytes)
        }
        return image
    }

    @Test(arguments: [512, 4096]) func growsTheLastPartitionAndTheImageToFdisksSatisfaction(_ sectorBytes: Int) throws {
        let image = try TableImage(sectorBytes: sectorBytes)
        let before = try image.dump()
        let table = try PartitionTable(image: image.bytes())
        let last = table.partitions[2].lastLBA + UInt64((16 << 20) / sectorBytes)
        let count = table.leastSectorCount(forEndAt: last)
        let ranges = try table.growing(table.partitions[2], toEndAt: last, sectorCount: count)
        var bytes = try image.bytes()
        bytes += [UInt8](repeating: 0, count: Int(count) * sectorBytes - bytes.count)
        bytes = apply(ranges, to: bytes)
        let record = PartitionTable.protectiveRecord(Array(bytes.prefix(512)), sectorCount: count)
        bytes.replaceSubrange(0..<512, with: record)
        try image.scratch.write(bytes, to: "image")

        #expect(try image.verdict().contains("No errors detected"))
        let after = try image.dump()
        #expect(after.entries[2].size == before.entries[2].size + UInt64((16 << 20) / sectorBytes))
        #expect(after.entries.map(\.start) == before.entries.map(\.start))
        #expect(after.entries.map(\.uuid) == before.entries.map(\.uuid))
        #expect(after.values["label-id"] == before.values["label-id"])
        #expect(try PartitionTable(image: bytes).partitions[2].lastLBA == last)
    }

    /// Power may fail after each write: fdisk must still find the partitions.
    @Test func leavesOneWholeCopyAfterEachWrite() throws {
        let image = try TableImage()
        let original = try image.bytes()
        let table = try PartitionTable(image: original)
        let ranges = try table.growing(
            table.partitions[2], toEndAt: table.partitions[2].lastLBA + 8, sectorCount: UInt64(original.count / 512))
        for count in 0...ranges.count {
            try image.scratch.write(apply(ranges.prefix(count), to: original), to: "image")
            #expect(try image.dump().entries.count == 3, "after \(count) writes")
        }
    }

    @Test func knowsHowFarAPartitionCanGrow() throws {
        let table = try PartitionTable(image: TableImage().bytes())
        #expect(table.limit(of: table.partitions[0]) == table.partitions[1].firstLBA - 1)
        #expect(table.limit(of: table.partitions[1]) == 9 * 2048 - 1)
        #expect(table.limit(of: table.partitions[2]) == nil)
    }

    @Test func refusesToGrowOntoANeighbourOrTheTable() throws {
        let table = try PartitionTable(image: TableImage().bytes())
        let count = UInt64(TableImage.mebibytes * 2048)
        #expect(throws: PartitionTableError.noSpace(number: 2, last: 9 * 2048)) {
            try table.growing(table.partitions[1], toEndAt: 9 * 2048, sectorCount: count)
        }
        #expect(throws: Never.self) { try table.growing(table.partitions[2], toEndAt: count - 34, sectorCount: count) }
        #expect(throws: PartitionTableError.noSpace(number: 3, last: count - 33)) {
            try table.growing(table.partitions[2], toEndAt: count - 33, sectorCount: count)
        }
        #expect(throws: PartitionTableError.noSpace(number: 3, last: 9 * 2048)) {
            try table.growing(table.partitions[2], toEndAt: 9 * 2048, sectorCount: count)
        }
    }
}
