import BoundedBytes
import HeaderForgery
import JSON
import LUKSHeader
import Testing

@Suite struct HeaderCopyTests {
    let header: ForgedHeader

    init() throws { header = try ForgedHeader.ofPlainVolume() }

    @Test func tellsTheLengthOfACopyFromItsFirstBytes() throws {
        #expect(try HeaderCopy.byteCount(ofCopyStarting: Array(header.primary.prefix(16)), kind: .primary) == 16384)
        #expect(try HeaderCopy.byteCount(ofCopyStarting: header.secondary, kind: .secondary) == 16384)
    }

    @Test func refusesACopyCutAtAnyLength() {
        for length in 0..<header.primary.count {
            #expect(throws: HeaderDefect.self, "cut to \(length) bytes") {
                try HeaderCopy(parsing: Array(header.primary.prefix(length)), kind: .primary)
            }
        }
    }

    @Test func refusesBytesBehindTheCopy() {
        #expect(throws: HeaderDefect.bytes(.trailing(offset: 16384, count: 1))) {
            try HeaderCopy(parsing: header.primary + [0], kind: .primary)
        }
    }

    @Test func refusesEveryFlippedByte() {
        for offset in 0..<4096 + header.text.utf8.count {
            var copy = header.primary
            copy[offset] ^= 1
            #expect(throws: HeaderDefect.self, "byte \(offset)") { try HeaderCopy(parsing: copy, kind: .primary) }
        }
    }

    @Test func onlySaltAndAgeOfOneCopyMayChangeWithACorrectedChecksum() throws {
        for offset in Array(0..<448) + Array(512..<4096) {
            var forged = header
            forged.primary[offset] ^= 1
            forged.primary = ForgedHeader.withChecksum(forged.primary)
            // The salt, or a sequence number that is one write away, which a power cut leaves behind.
            if (0x68..<0xA8).contains(offset) || offset == 0x17 {
                #expect(throws: Never.self, "byte \(offset)") { try forged.checked() }
            } else if offset < 6 {
                // Without the magic it is no copy at all.
                #expect(try forged.checked().tornCopy == TornCopy(kind: .primary, defect: .magic), "byte \(offset)")
            } else {
                #expect(throws: HeaderError.self, "byte \(offset)") { try forged.checked() }
            }
        }
    }

    @Test func readsNeitherCopyAsTheOther() {
        #expect(throws: HeaderDefect.magic) { try HeaderCopy(parsing: header.secondary, kind: .primary) }
        #expect(throws: HeaderDefect.magic) { try HeaderCopy(parsing: header.primary, kind: .secondary) }
    }

    /// Offsets of the LUKS2 specification, "Binary Header"; each forged copy has a right checksum.
    @Test(arguments: [
        (6, [0, 1], HeaderDefect.version(1)),
        (6, [2, 0], .version(0x200)),
        (8, [0, 0, 0, 0, 0, 0, 0x20, 0], .size(0x2000)),
        (8, [0, 0, 0, 0, 0, 0, 0x60, 0], .size(0x6000)),
        (8, [0, 0, 0, 0, 0, 0x80, 0, 0], .size(0x80_0000)),
        (8, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .size(.max)),
        (8, [0, 0, 0, 0, 0, 0, 0x80, 0], .bytes(.truncated(offset: 4096, needed: 28672, available: 12288))),
        (24, [UInt8](repeating: 0x61, count: 48), .text(offset: 24)),
        (24, [0xFF], .text(offset: 24)),
        (24, [0, 0x61], .text(offset: 24)),
        (72, Array("sha512".utf8), .checksumAlgorithm("sha512")),
        (72, [0, 0, 0, 0, 0, 0], .checksumAlgorithm("")),
        (168, Array("not-a-uuid".utf8) + [UInt8](repeating: 0, count: 30), .uuid),
        (176, [0x2E], .uuid),
        (208, [0x80], .text(offset: 208)),
        (256, [0, 0, 0, 0, 0, 0, 0x40, 0], .position(16384)),
        (264, [1], .bytes(.reservedNotZero(offset: 264))),
        (512, [1], .bytes(.reservedNotZero(offset: 512))),
        (4095, [1], .bytes(.reservedNotZero(offset: 4095))),
    ])
    func namesTheDefectOfTheBinaryHeader(_ offset: Int, _ bytes: [UInt8], _ defect: HeaderDefect) {
        var forged = header
        forged.overwrite(bytes, at: offset)
        #expect(throws: defect) { try HeaderCopy(parsing: forged.primary, kind: .primary) }
    }

    @Test func refusesASecondaryCopyThatSaysItLiesElsewhere() {
        var forged = header
        forged.overwrite([0, 0, 0, 0, 0, 0, 0, 0], at: 256)
        #expect(throws: HeaderDefect.position(0)) { try HeaderCopy(parsing: forged.secondary, kind: .secondary) }
    }

    @Test func refusesAChecksumThatIsLongerThanSHA256() {
        var forged = header
        forged.primary[480] = 1
        #expect(throws: HeaderDefect.bytes(.reservedNotZero(offset: 480))) {
            try HeaderCopy(parsing: forged.primary, kind: .primary)
        }
    }

    @Test(arguments: [
        ("", HeaderDefect.metadataArea(offset: 4096)),
        (" {}", .metadataArea(offset: 4096)),
        ("[]", .metadataArea(offset: 4096)),
        ("{}\0{}", .metadataArea(offset: 4099)),
        ("{} x", .metadata(.syntax("unexpected character", offset: 3))),
        ("{}{}", .metadata(.syntax("unexpected character", offset: 2))),
        ("{\"a\":1e400}", .metadata(.number("1e400"))),
        ("{\"a\":18446744073709551616}", .metadata(.number("18446744073709551615"))),
        (String(repeating: "{\"a\":", count: 100), .metadata(.tooDeep)),
    ])
    func namesTheDefectOfTheMetadata(_ text: String, _ defect: HeaderDefect) {
        var forged = header
        forged.text = text
        #expect(throws: defect) { try HeaderCopy(parsing: forged.primary, kind: .primary) }
    }

    @Test func refusesMetadataWithoutAZeroByteAtTheEnd() {
        var forged = header
        forged.replaceArea(Array("{}".utf8) + [UInt8](repeating: 0x20, count: 12286))
        #expect(throws: HeaderDefect.metadataArea(offset: 16384)) {
            try HeaderCopy(parsing: forged.primary, kind: .primary)
        }
    }

    @Test func refusesMoreValuesThanAnyHeaderHas() {
        var forged = header
        forged.text = "{\"tokens\":[" + String(repeating: "0,", count: 1500) + "0]}"
        #expect(throws: HeaderDefect.metadata(.tooManyValues)) {
            try HeaderCopy(parsing: forged.primary, kind: .primary)
        }
    }
}
