import BoundedBytes
import Cryptography
import EFI
import TestSupport
import Testing

/// Images that were cut, and headers that lie.
@Suite(.enabled(if: SharedData.isPresent)) struct HostilePETests {
    private let signed: [UInt8]
    private let unsigned: [UInt8]

    init() throws {
        signed = try SharedData.bytes("pe/go-uefi-test.pecoff.signed")
        unsigned = try SharedData.bytes("pe/go-uefi-test.pecoff")
    }

    /// Offsets of the fields, from the documents: the sample is PE32+.
    private var peOffset: Int { Int(signed[0x3C]) | Int(signed[0x3D]) << 8 }
    private var optionalOffset: Int { peOffset + 24 }
    private var sectionsOffset: Int { optionalOffset + Int(signed[peOffset + 20]) | Int(signed[peOffset + 21]) << 8 }

    private func patched<T: FixedWidthInteger>(_ value: T, at offset: Int) -> [UInt8] {
        var bytes = signed
        for index in 0..<T.bitWidth / 8 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> T(8 * index)) }
        return bytes
    }

    @Test func refusesASignedImageCutAnywhere() {
        for length in 0..<signed.count {
            #expect(throws: EFIError.self, "cut to \(length)") { try PEImage(parsing: Array(signed.prefix(length))) }
        }
    }

    @Test(arguments: ["shim-grubx64.0.80.el7.efi", "shim-grubx64.0.76.el7.efi"])
    func refusesALargeImageCutAnywhere(_ name: String) throws {
        let file = try SharedData.bytes("pe/" + name)
        for length in stride(from: 0, to: file.count, by: 16381) {
            #expect(throws: EFIError.self, "cut to \(length)") { try PEImage(parsing: Array(file.prefix(length))) }
        }
    }

    @Test func neverHashesACutImageAsTheWholeOne() throws {
        let whole = try PEImage(parsing: unsigned).digest(.sha256, of: MemorySource(unsigned))
        for length in 0..<unsigned.count {
            let source = MemorySource(Array(unsigned.prefix(length)))
            let image = try? BootImage(reading: source)
            let digest = try image?.layout.digest(.sha256, of: source)
            #expect(digest != whole, "cut to \(length)")
        }
    }

    /// Whatever the headers say, what is hashed lies in the file, and no byte of it twice.
    @Test func survivesEveryValueInEveryByteOfTheHeaders() throws {
        for offset in 0..<1024 {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF, signed[offset] ^ 1] {
                var bytes = signed
                bytes[offset] = value
                guard let image = try? PEImage(parsing: bytes) else { continue }
                var previous = 0
                for range in image.hashedRanges.dropLast() {
                    #expect(range.lowerBound >= previous, "byte \(offset) is \(value)")
                    previous = range.upperBound
                }
                #expect(image.hashedRanges.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= bytes.count })
                _ = try? BootImage(reading: MemorySource(bytes))
            }
        }
    }

    @Test func refusesAHeaderBehindTheEndOfTheFile() {
        #expect(throws: EFIError.bytes(.header, .truncated(offset: 0x40, needed: 0xFFFF_FFBF, available: 6000))) {
            try PEImage(parsing: patched(UInt32.max, at: 0x3C))
        }
    }

    @Test(arguments: [0, 97, UInt16.max]) func refusesSectionCountsThatNoLinkerMakes(_ count: UInt16) {
        let offset = peOffset + 6
        #expect(
            throws: EFIError.value(.header, field: "NumberOfSections", offset: offset, value: UInt64(count))
        ) { try PEImage(parsing: patched(count, at: offset)) }
    }

    @Test(arguments: [17, UInt32.max]) func refusesMoreDirectoriesThanThereAre(_ count: UInt32) {
        let offset = optionalOffset + 108
        #expect(
            throws: EFIError.value(.header, field: "NumberOfRvaAndSizes", offset: offset, value: UInt64(count))
        ) { try PEImage(parsing: patched(count, at: offset)) }
    }

    @Test(arguments: [0, 64, 6065, UInt32.max]) func refusesHeadersOfAnImpossibleSize(_ size: UInt32) {
        #expect(throws: EFIError.range(.header, field: "SizeOfHeaders", offset: 0, count: Int(size))) {
            try PEImage(parsing: patched(size, at: optionalOffset + 60))
        }
    }

    @Test(arguments: [UInt32(1), 2224, 2240, 4096, UInt32.max])
    func refusesACertificateTableThatIsNotTheTail(_ size: UInt32) throws {
        let table = try #require(try PEImage(parsing: signed).certificateTable)
        try #require(table.count != Int(size))
        #expect(
            throws: EFIError.range(
                .certificateTable, field: "data directory 4", offset: table.lowerBound, count: Int(size))
        ) { try PEImage(parsing: patched(size, at: optionalOffset + 148)) }
    }

    @Test func refusesACertificateTableBehindTheFile() throws {
        let table = try #require(try PEImage(parsing: signed).certificateTable)
        #expect(
            throws: EFIError.range(
                .certificateTable, field: "data directory 4", offset: 0xFFFF_FFF8, count: table.count)
        ) { try PEImage(parsing: patched(UInt32(0xFFFF_FFF8), at: optionalOffset + 144)) }
    }

    @Test(arguments: [UInt32.max, 6000, 0]) func refusesASectionOutsideItsPlace(_ offset: UInt32) throws {
        let size = try PEImage(parsing: signed).sections[0].rawRange.count
        #expect(throws: EFIError.range(.section, field: "raw data", offset: Int(offset), count: size)) {
            try PEImage(parsing: patched(offset, at: sectionsOffset + 20))
        }
    }

    @Test func refusesSectionsThatShareAByte() throws {
        let sections = try PEImage(parsing: signed).sections
        try #require(sections.count > 1 && sections[0].rawRange.upperBound == sections[1].rawRange.lowerBound)
        let size = UInt32(sections[0].rawRange.count)
        #expect(throws: EFIError.sectionsOverlap(0, 1)) {
            try PEImage(parsing: patched(size + 1, at: sectionsOffset + 16))
        }
    }
}
