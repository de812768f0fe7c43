import BoundedBytes
import SNPABI
import TestSupport
import Testing

@Suite(.enabled(if: SharedData.isPresent)) struct FirmwareImageTests {
    private let image: [UInt8]

    init() throws { image = try SharedData.bytes("snp/measure/ovmf_AmdSev_suffix.bin") }

    /// What virtee/sev-snp-measure reads there.
    @Test func readsWhatAnotherToolReads() throws {
        let firmware = try FirmwareImage(parsing: image)
        #expect(firmware.address == 0xFFFF_F000)
        #expect(try firmware.resetBlock == 0x80_B004)
        #expect(try firmware.hashesTableArea == FirmwareImage.Area(address: 0x81_0C00, byteCount: 0x400))
        #expect(try firmware.launchSecretArea == FirmwareImage.Area(address: 0x81_0000, byteCount: 0xC00))
        #expect(try firmware.svsmEntry == nil)
        #expect(firmware.table[FirmwareTable.tdxMetadata] == [0xD0, 0x09, 0, 0])
        let sections = try #require(firmware.metadata).sections
        let addresses: [UInt64] = [0x80_0000, 0x80_A000, 0x80_D000, 0x80_E000, 0x80_F000, 0x81_0000, 0x81_1000]
        #expect(sections.map(\.address) == addresses)
        #expect(sections.map(\.byteCount) == [0x9000, 0x3000, 0x1000, 0x1000, 0x1000, 0x1000, 0xF000])
        #expect(sections.map(\.type) == [.memory, .memory, .secrets, .cpuid, .callingArea, .kernelHashes, .memory])
    }

    /// Its hashes table area is at address 0, which says that there is none.
    @Test func knowsWhatAnOrdinaryFirmwareLacks() throws {
        let firmware = try FirmwareImage(parsing: SharedData.bytes("snp/measure/ovmf_OvmfX64_suffix.bin"))
        #expect(try firmware.hashesTableArea == nil)
        #expect(try firmware.launchSecretArea == nil)
        #expect(firmware.metadata?.has(.kernelHashes) == false)
    }

    @Test func knowsWhereAnSVSMBegins() throws {
        let bytes = try SharedData.bytes("snp/measure/svsm.bin")
        let svsm = try FirmwareImage(parsing: bytes, endingAt: 0xFF00_0000)
        #expect(try svsm.svsmEntry == 0xFF00_0000 - UInt32(bytes.count))
        #expect(svsm.end == 0xFF00_0000)
        let inHighMemory = try FirmwareImage(parsing: bytes, endingAt: 1 << 40)
        #expect(throws: SNPFormatError.self) { try inHighMemory.svsmEntry }
    }

    /// Cut at the front, so that the table stays at the end; and at the end, where nothing is a table any more.
    @Test func survivesEveryLength() throws {
        for count in 1..<image.count {
            _ = try? FirmwareImage(parsing: Array(image.suffix(count)))
            let head = try FirmwareImage(parsing: Array(image.prefix(count)))
            #expect(head.table.entries.isEmpty && head.metadata == nil)
            #expect(try head.resetBlock == nil)
        }
        #expect(throws: SNPFormatError("firmware image", .range(field: "size", 0))) { try FirmwareImage(parsing: []) }
        #expect(throws: SNPFormatError("firmware image", .range(field: "size", 4096))) {
            try FirmwareImage(parsing: image, endingAt: 4095)
        }
    }

    /// No byte of the file makes it crash or loop, whatever its value.
    @Test func survivesEveryByteChanged() throws {
        for offset in image.indices {
            for value: UInt8 in [0, 0x7F, 0xFF, image[offset] ^ 1] {
                var changed = image
                changed[offset] = value
                guard let firmware = try? FirmwareImage(parsing: changed) else { continue }
                _ = try? (firmware.resetBlock, firmware.hashesTableArea, firmware.svsmEntry)
            }
        }
    }

    @Test func refusesLengthsThatLeadOutOfTheTable() throws {
        let name = "OVMF GUID table"
        let footer = image.count - 50
        for (length, field) in [(17, "length"), (0xFFFF, "length"), (19, "rest")] {
            var changed = image
            changed[footer] = UInt8(length & 0xFF)
            changed[footer + 1] = UInt8(length >> 8)
            let value = field == "rest" ? UInt64(1) : UInt64(length)
            #expect(throws: SNPFormatError(name, .range(field: field, value))) { try FirmwareImage(parsing: changed) }
        }
        // The entry before the footer: too short for its own head, and longer than the table.
        for length in [17, 0x7FFF] {
            var changed = image
            changed[footer - 18] = UInt8(length & 0xFF)
            changed[footer - 17] = UInt8(length >> 8)
            let identifier = try #require(GUID(bytes: Array(image[footer - 16..<footer])))
            let field = "length of " + identifier.description
            #expect(throws: SNPFormatError(name, .range(field: field, UInt64(length)))) {
                try FirmwareImage(parsing: changed)
            }
        }
    }
}
