import BoundedBytes
import TestSupport
import Testing

@testable import PartitionTable

@Suite struct PartitionTableTests {
    @Test(arguments: [512, 4096]) func readsWhatFdiskReads(_ sectorBytes: Int) throws {
        let image = try TableImage(sectorBytes: sectorBytes)
        let table = try PartitionTable(image: image.bytes())
        let expected = try image.dump()
        #expect(table.sectorBytes == sectorBytes)
        #expect(table.diskGUID.description.uppercased() == expected.values["label-id"])
        #expect(String(table.primary.firstUsableLBA) == expected.values["first-lba"])
        #expect(String(table.primary.lastUsableLBA) == expected.values["last-lba"])
        #expect(table.partitions.map(\.number) == [1, 2, 3])
        #expect(table.partitions.map(TableImage.Entry.init) == expected.entries)
        #expect(table.partitions[1].typeGUID == .rootX8664)
    }

    @Test func readsNamesBeyondASCII() throws {
        let image = try TableImage()
        try image.scratch.shell("sfdisk -q --part-label image 3 'dätä €'")
        #expect(try PartitionTable(image: image.bytes()).partitions[2].name == "dätä €")
    }

    @Test func spellsGUIDsAsTheSpecificationDoes() {
        #expect(GUID.rootX8664.description == "4f68bce3-e8cd-4db1-96e7-fbcaf984b709")
        #expect(GUID.extendedBootLoader.description == "bc13c2ff-59e6-4262-a352-b275fd6f7172")
        #expect(GUID("4f68bce3-e8cd-4db1-96e7fbcaf984b709") == nil)
        #expect(GUID("4f68bce3-e8cd-4db1-96e7-fbcaf984b70g") == nil)
    }

    /// The check value that every description of this CRC gives.
    @Test func computesTheUsualChecksum() {
        #expect(Checksum.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    }

    /// Every sector of both copies of the table, and every quarter mebibyte between them.
    @Test func refusesTheImageCutAnywhere() throws {
        let bytes = try TableImage().bytes()
        let ends = Array(0..<40) + Array(stride(from: 40, to: 49152 - 40, by: 512)) + Array(49152 - 40..<49152)
        for count in ends.map({ $0 * 512 }) {
            #expect(throws: PartitionTableError.self, "cut to \(count) bytes") {
                try PartitionTable(image: Array(bytes.prefix(count)))
            }
        }
    }

    @Test func refusesAHeaderCutAtEveryLength() throws {
        let sector = Array(try TableImage().bytes()[512..<1024])
        for count in 0..<512 {
            #expect(throws: PartitionTableError.self, "cut to \(count) bytes") {
                try PartitionTableHeader(
                    parsing: Array(sector.prefix(count)), copy: .primary, at: 1, sectorCount: 49152)
            }
        }
    }

    @Test func refusesAnyChangedByteOfEitherHeader() throws {
        let bytes = try TableImage().bytes()
        for start in [512, bytes.count - 512] {
            for offset in start..<start + 92 {
                var changed = bytes
                changed[offset] ^= 0x10
                #expect(throws: PartitionTableError.self, "byte \(offset)") { try PartitionTable(image: changed) }
            }
        }
    }

    @Test func refusesAChangedByteInEitherList() throws {
        let bytes = try TableImage().bytes()
        let backupList = bytes.count - 33 * 512
        for (start, copy) in [(1024, PartitionTableError.Copy.primary), (backupList, .backup)] {
            for offset in [0, 16, 32, 40, 56, 128, 16383] {
                var changed = bytes
                changed[start + offset] ^= 1
                #expect(throws: PartitionTableError.entriesChecksum(copy)) { try PartitionTable(image: changed) }
            }
        }
    }

    @Test func saysThatThereIsNoTable() {
        for count in [0, 511, 512, 1024, 65536] {
            #expect(throws: PartitionTableError.notGPT) {
                try PartitionTable(image: [UInt8](repeating: 0, count: count))
            }
        }
    }
}
