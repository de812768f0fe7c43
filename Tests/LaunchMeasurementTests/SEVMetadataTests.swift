import BoundedBytes
import SNPABI
import Testing

@Suite struct SEVMetadataTests {
    private func error(_ change: (inout SyntheticFirmware) -> Void) -> SNPFormatError? {
        var firmware = SyntheticFirmware()
        change(&firmware)
        do throws(SNPFormatError) { _ = try FirmwareImage(parsing: firmware.bytes) } catch { return error }
        return nil
    }

    private func said(_ reason: SNPFormatError.Reason) -> SNPFormatError { SNPFormatError("SEV metadata", reason) }

    @Test func isReadFromWhereTheTableSays() { #expect(error { _ in } == nil) }

    @Test func isRefusedWhereItsHeaderLies() {
        #expect(error { $0.metadataVersion = 2 } == said(.version(2)))
        #expect(error { $0.metadataLength = 63 } == said(.value(field: "length", 63)))
        #expect(error { $0.metadataLength = .max } == said(.value(field: "length", UInt64(UInt32.max))))
        #expect(error { $0.metadataOffset = 4097 } == said(.range(field: "offset", 4097)))
        #expect(error { $0.metadataOffset = 15 } == said(.range(field: "offset", 15)))
        #expect(error { $0.metadataOffset = 4095 } == said(.missing("signature")))
        #expect(error { $0.metadataOffset = 16 } == said(.missing("signature")))
    }

    @Test func isRefusedWhereASectionIsNone() {
        #expect(error { $0.sections?[0].type = 5 } == said(.value(field: "type", 5)))
        #expect(error { $0.sections?[0].byteCount = 0 } == said(.value(field: "size", 0)))
        #expect(error { $0.sections?[0].byteCount = 0x1001 } == said(.value(field: "size", 0x1001)))
        #expect(error { $0.sections?[0].address = 0x80_0001 } == said(.range(field: "address", 0x80_0001)))
        for index in 1...3 {
            #expect(
                error {
                    $0.sections?[index].address = 0x100_0000
                    $0.sections?[index].byteCount = 0x2000
                } == said(.value(field: "size", 0x2000)))
        }
        #expect(
            error {
                $0.sections?[0].address = 0xFFFF_F000
                $0.sections?[0].byteCount = 0x2000
            } == said(.range(field: "address", 0xFFFF_F000)))
    }

    @Test func isRefusedWhereSectionsOverlap() {
        #expect(error { $0.sections?[0].byteCount = 0x3000 } == said(.range(field: "address", 0x80_2000)))
        #expect(error { $0.sections?[3].address = 0x80_0000 } == said(.range(field: "address", 0x80_0000)))
        #expect(error { $0.sections?[3].address = 0x80_1000 } == said(.range(field: "address", 0x80_1000)))
    }

    /// A megabyte of sections is read in one pass and a sort.
    @Test func survivesVeryManySections() {
        let count = 80_000
        var firmware = SyntheticFirmware()
        firmware.byteCount = 1 << 20
        firmware.sections = (0..<count).map {
            SyntheticFirmware.Section(address: UInt32(count - $0) << 12, byteCount: 0x1000, type: 1)
        }
        let bytes = firmware.bytes
        let start = ContinuousClock.now
        #expect(throws: Never.self) { try FirmwareImage(parsing: bytes) }
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func tableEntriesHaveTheirSizes() throws {
        var firmware = SyntheticFirmware()
        firmware.hashesArea = (0x80_4C00, 0x400)
        let bytes = firmware.bytes
        // The area's entry, made to look like the one of the reset block, which is shorter.
        let area = FirmwareTable.hashesTableArea.bytes
        let start = try #require((0..<bytes.count - 16).last { Array(bytes[$0..<$0 + 16]) == area })
        var changed = bytes
        let reset = FirmwareTable.resetBlock.bytes
        let other = try #require((0..<bytes.count - 16).last { Array(bytes[$0..<$0 + 16]) == reset })
        changed.replaceSubrange(start..<start + 16, with: reset)
        changed.replaceSubrange(other..<other + 16, with: area)
        let image = try FirmwareImage(parsing: changed)
        let name = "OVMF GUID table entry"
        #expect(throws: SNPFormatError(name, .size(expected: 4, found: 8))) { try image.resetBlock }
        #expect(throws: SNPFormatError(name, .size(expected: 8, found: 4))) { try image.hashesTableArea }
        // The same entry twice: which of them counts, readers disagree on.
        changed.replaceSubrange(other..<other + 16, with: reset)
        let field = "entry " + FirmwareTable.resetBlock.description
        #expect(throws: SNPFormatError("OVMF GUID table", .value(field: field, 1))) {
            try FirmwareImage(parsing: changed)
        }
    }
}
