import Testing

@testable import PartitionTable

/// Fields that lie although every checksum is right.
@Suite struct HostileTableTests {
    /// Writes a little-endian number into both headers, and sets their checksums right.
    private func header<T: FixedWidthInteger>(_ value: T, at offset: Int, in image: inout [UInt8]) {
        for start in [512, image.count - 512] {
            image.put(value, at: start + offset)
            image.put(PartitionTableHeader.checksum(of: Array(image[start..<start + 512]), count: 92), at: start + 16)
        }
    }

    /// Writes a number into entry `index` of both lists, and sets all four checksums right.
    private func entry(_ value: UInt64, at offset: Int, of index: Int, in image: inout [UInt8]) {
        for list in [1024, image.count - 33 * 512] { image.put(value, at: list + index * 128 + offset) }
        header(Checksum.crc32(Array(image[1024..<1024 + 16384])), at: 88, in: &image)
    }

    @Test(arguments: [0, 2047, 33, UInt64.max, 1 << 63])
    func refusesAPartitionOutsideTheUsableSectors(_ last: UInt64) throws {
        var image = try TableImage().bytes()
        entry(last, at: 40, of: 0, in: &image)
        #expect(throws: PartitionTableError.partitionBounds(number: 1, first: 2048, last: last)) {
            try PartitionTable(image: image)
        }
    }

    @Test func refusesAPartitionThatStartsInTheTable() throws {
        var image = try TableImage().bytes()
        let last = try PartitionTable(image: image).partitions[0].lastLBA
        entry(33, at: 32, of: 0, in: &image)
        #expect(throws: PartitionTableError.partitionBounds(number: 1, first: 33, last: last)) {
            try PartitionTable(image: image)
        }
    }

    @Test func refusesPartitionsThatOverlapByOneSector() throws {
        var image = try TableImage().bytes()
        let second = try PartitionTable(image: image).partitions[1].firstLBA
        entry(second, at: 40, of: 0, in: &image)
        #expect(throws: PartitionTableError.partitionsOverlap(1, 2)) { try PartitionTable(image: image) }
        entry(second - 1, at: 40, of: 0, in: &image)
        #expect(throws: Never.self) { try PartitionTable(image: image) }
    }

    @Test(arguments: [24, 32, 40, 48, 72], [0, 1, 49151, 49152, 1 << 40, 1 << 63, UInt64.max])
    func survivesEveryNumberInEveryAddress(_ offset: Int, _ value: UInt64) throws {
        var image = try TableImage().bytes()
        header(value, at: offset, in: &image)
        #expect(throws: PartitionTableError.self) { try PartitionTable(image: image) }
    }

    @Test(arguments: [0, 1, 127, 129, 8192, UInt32.max])
    func refusesOddEntrySizes(_ size: UInt32) throws {
        var image = try TableImage().bytes()
        header(size, at: 84, in: &image)
        #expect(throws: PartitionTableError.entrySize(.primary, size)) { try PartitionTable(image: image) }
    }

    @Test(arguments: [0, 8193, UInt32.max])
    func refusesListsOfNoOrTooManyEntries(_ count: UInt32) throws {
        var image = try TableImage().bytes()
        header(count, at: 80, in: &image)
        #expect(throws: PartitionTableError.entryCount(.primary, count)) { try PartitionTable(image: image) }
    }

    @Test func refusesCopiesThatDescribeDifferentDisks() throws {
        var image = try TableImage().bytes()
        let start = image.count - 512
        image[start + 56] ^= 1
        image.put(PartitionTableHeader.checksum(of: Array(image[start...]), count: 92), at: start + 16)
        #expect(throws: PartitionTableError.copiesDiffer(field: "disk GUID")) { try PartitionTable(image: image) }
    }
}

extension [UInt8] {
    mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        for byte in 0..<T.bitWidth / 8 { self[offset + byte] = UInt8(truncatingIfNeeded: value >> T(8 * byte)) }
    }
}
