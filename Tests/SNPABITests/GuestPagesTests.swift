import BoundedBytes
import SNPABI
import Secrets
import Testing

@Suite struct GuestPagesTests {
    /// A secrets page made by hand, from the offsets of the documents.
    private static func page(_ change: (inout [UInt8]) -> Void = { _ in }) -> [UInt8] {
        var page = [UInt8](repeating: 0, count: 4096)
        page[0x000] = 3
        page[0x004] = 1
        page.replaceSubrange(0x008..<0x00C, with: [0x11, 0x0F, 0xA0, 0])
        for index in 0..<16 { page[0x010 + index] = UInt8(0x40 + index) }
        for index in 0..<128 { page[0x020 + index] = UInt8(0x80 + index) }
        for index in 0..<4 { page[0x0A0 + 4 * index] = UInt8(2 * index) }
        page[0x0A3] = 0x80
        page.replaceSubrange(0x0B0..<0x0B8, with: [0, 0x10, 2, 3, 4, 5, 6, 7])
        for index in 0..<64 { page[0x100 + index] = UInt8(index + 1) }
        page.replaceSubrange(0x140..<0x148, with: [0, 0, 0, 0x80, 0, 0, 0, 1])
        page.replaceSubrange(0x148..<0x150, with: [0, 0, 0x10, 0, 0, 0, 0, 2])
        page.replaceSubrange(0x150..<0x158, with: [0, 0xF0, 0x80, 0, 0, 0, 0, 3])
        page.replaceSubrange(0x158..<0x15D, with: [1, 0, 0, 0, 2])
        page.replaceSubrange(0x160..<0x164, with: [0xC8, 0, 0, 0])
        change(&page)
        return page
    }

    private static func secret(_ bytes: [UInt8]) -> SecretBytes {
        SecretBytes(count: bytes.count) { span in for index in bytes.indices { span[index] = bytes[index] } }
    }

    private static func bytes(_ secret: borrowing SecretBytes) -> [UInt8] {
        let lent = secret.bytes
        return (0..<lent.count).map { lent[$0] }
    }

    private static func key(_ level: Int, of page: borrowing SecretsPage) -> [UInt8]? {
        guard let key = page.messageKey(level) else { return nil }
        return bytes(key)
    }

    @Test func secretsPageHasItsFieldsWhereTheDocumentsHaveThem() throws {
        let page = try SecretsPage.read(Self.secret(Self.page()))
        let numbers: [UInt64] = [
            UInt64(page.version), UInt64(page.processorSignature), page.jumpTable, UInt64(page.tscFactor),
        ]
        #expect(numbers == [3, 0xA0_0F11, 0x0706_0504_0302_1000, 200])
        let (isImageEnabled, counters, svsm) = (page.isMigrationImageEnabled, page.sequenceNumbers, page.svsm)
        #expect(isImageEnabled)
        #expect(counters == [0x8000_0000, 2, 4, 6])
        let (workarounds, tweaks) = (page.workarounds, page.vmsaTweaks)
        #expect(workarounds == (0x40..<0x50).map { $0 })
        #expect(tweaks == (1...64).map { $0 })
        let location = SVSMLocation(
            base: 0x0100_0000_8000_0000, byteCount: 0x0200_0000_0010_0000, callingArea: 0x0300_0000_0080_F000,
            newestVersion: 1, guestVMPL: 2)
        #expect(svsm == location)
        let expected = Self.page()
        let written = Self.bytes(page.encoded())
        #expect(written == expected)
    }

    @Test func secretsPageLendsAndWipesItsKeys() throws {
        var page = try SecretsPage.read(Self.secret(Self.page()))
        for level in 0..<4 {
            let key = Self.key(level, of: page)
            #expect(key == (0..<32).map { UInt8(0x80 + 32 * level + $0) })
        }
        page.wipeMessageKey(0)
        page.wipeMessageKey(2)
        page.wipeMessageKey(4)
        for (level, isThere) in [false, true, false, true].enumerated() {
            let key = Self.key(level, of: page)
            #expect((key != nil) == isThere)
        }
        let (below, beyond) = (Self.key(-1, of: page), Self.key(4, of: page))
        #expect(below == nil && beyond == nil)
        let written = Self.bytes(page.encoded())
        let expected = Self.page { page in
            for index in [0x020..<0x040, 0x060..<0x080].joined() { page[index] = 0 }
        }
        #expect(written == expected)
    }

    /// As the firmware makes it: keys, and nothing of an SVSM.
    @Test func secretsPageCanBeMade() throws {
        let page = SecretsPage { keys in for index in 0..<keys.count { keys[index] = UInt8(index + 1) } }
        let written = Self.bytes(page.encoded())
        #expect(written.count == 4096)
        #expect(Array(written[0x020..<0x0A0]) == (1...128).map { $0 })
        #expect(written[0] == 3)
        #expect(written[1..<0x020].allSatisfy { $0 == 0 } && written[0x0A0...].allSatisfy { $0 == 0 })
        let read = try SecretsPage.read(Self.secret(written))
        let (isImageEnabled, svsm) = (read.isMigrationImageEnabled, read.svsm)
        #expect(!isImageEnabled && svsm == nil)
    }

    @Test func secretsPageIsAPage() {
        for count in [0, 1, 0x164, 4095, 4097] {
            #expect(throws: SNPFormatError("secrets page", .size(expected: 4096, found: count))) {
                _ = try SecretsPage.read(Self.secret([UInt8](repeating: 0, count: count)))
            }
        }
    }

    @Test func cpuidPageIsReadAndWritten() throws {
        var leaf = CPUIDPage.Entry(function: 0xD, index: 1, eax: 0xF, ebx: 0x240, ecx: 0x1800, edx: 7)
        leaf.xcr0 = 7
        leaf.xss = 0x800
        let vendor = CPUIDPage.Entry(
            function: 0, eax: 0x10, ebx: 0x6874_7541, ecx: 0x444D_4163, edx: 0x6974_6E65)
        var expected = [UInt8](repeating: 0, count: 4096)
        expected[0] = 2
        expected.replaceSubrange(0x28..<0x38, with: [0x10, 0, 0, 0] + Array("AuthcAMDenti".utf8))
        expected.replaceSubrange(0x40..<0x44, with: [0x0D, 0, 0, 0])
        expected[0x44] = 1
        expected[0x48] = 7
        expected.replaceSubrange(0x50..<0x52, with: [0, 8])
        expected.replaceSubrange(
            0x58..<0x68, with: [0xF, 0, 0, 0, 0x40, 2, 0, 0, 0, 0x18, 0, 0, 7, 0, 0, 0])
        let page = try CPUIDPage([vendor, leaf])
        #expect(page.encoded() == expected)
        #expect(try CPUIDPage(parsing: expected) == page)
        expected[4000] = 1
        #expect(try CPUIDPage(parsing: expected) == page)
    }

    @Test func cpuidPageHas64EntriesAtMost() throws {
        let entry = CPUIDPage.Entry(function: 1, eax: 2, ebx: 3, ecx: 4, edx: 5)
        let full = try CPUIDPage(Array(repeating: entry, count: 64))
        #expect(try CPUIDPage(parsing: full.encoded()) == full)
        let error = SNPFormatError("CPUID page", .value(field: "COUNT", 65))
        #expect(throws: error) { try CPUIDPage(Array(repeating: entry, count: 65)) }
        var bytes = full.encoded()
        bytes[0] = 65
        #expect(throws: error) { try CPUIDPage(parsing: bytes) }
        bytes.replaceSubrange(0..<4, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: SNPFormatError("CPUID page", .value(field: "COUNT", 0xFFFF_FFFF))) {
            try CPUIDPage(parsing: bytes)
        }
        bytes = full.encoded()
        bytes[0x38] = 1
        #expect(throws: SNPFormatError("CPUID page", .bytes(.reservedNotZero(offset: 0x38)))) {
            try CPUIDPage(parsing: bytes)
        }
        #expect(throws: SNPFormatError.self) { try CPUIDPage(parsing: Array(bytes.dropLast())) }
    }

    @Test func confidentialComputingBlobIsReadAndWritten() throws {
        let expected: [UInt8] =
            Array("AMDE".utf8) + [0, 0, 0, 0] + [0, 0xD0, 0x80, 0, 0, 0, 0, 1] + [0, 0x10, 0, 0, 0, 0, 0, 0]
            + [0, 0xE0, 0x80, 0, 0, 0, 0, 2] + [0, 0x10, 0, 0, 0, 0, 0, 0]
        let blob = ConfidentialComputingBlob(
            secretsAddress: 0x0100_0000_0080_D000, cpuidAddress: 0x0200_0000_0080_E000)
        #expect(blob.encoded() == expected)
        #expect(try ConfidentialComputingBlob(parsing: expected) == blob)
        for count in 0..<expected.count {
            #expect(throws: SNPFormatError.self) { try ConfidentialComputingBlob(parsing: Array(expected[..<count])) }
        }
        for offset in [0, 3, 6, 0x14, 0x27] {
            var changed = expected
            changed[offset] ^= 1
            #expect(throws: SNPFormatError.self) { try ConfidentialComputingBlob(parsing: changed) }
        }
        #expect(ConfidentialComputingBlob.identifier.description == "067b1f5f-cf26-44c5-8554-93d777912d42")
    }
}
