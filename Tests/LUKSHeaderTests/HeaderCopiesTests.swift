import BoundedBytes
import HeaderForgery
import LUKSHeader
import TestSupport
import Testing

@Suite struct HeaderCopiesTests {
    let header: ForgedHeader

    init() throws { header = try ForgedHeader.ofPlainVolume() }

    @Test func readsBothCopiesOnceAndNothingElse() throws {
        let file = try ForgedHeader.plain.get()
        var requests: [[Int]] = []
        let copies = try HeaderCopies { (offset, count) throws in
            requests.append([offset, count])
            return try file.read(offset, count)
        }
        #expect(copies == header.copies)
        #expect(requests == [[0, 4096], [4096, 12288], [16384, 4096], [20480, 12288]])
    }

    @Test func findsTheSecondaryCopyWhereThePrimaryIsGone() throws {
        for metadataSize in ["16k", "128k", "4m"] {
            let file = try VolumeFile(format: VolumeFile.cheap + ["--luks2-metadata-size", metadataSize])
            let intact = try ForgedHeader(of: file)
            try file.write([0], at: 0)
            let copies = try Self.copies(of: file)
            #expect(copies.secondary == intact.secondary)
            let header = try LUKSHeader(checking: copies, deviceByteCount: UInt64(file.byteCount))
            #expect(header.source == .secondary)
            #expect(header.tornCopy == TornCopy(kind: .primary, defect: .magic))
        }
    }

    @Test func findsTheSecondaryCopyWhereThePrimaryLiesAboutItsLength() throws {
        let file = try VolumeFile()
        let intact = try ForgedHeader(of: file)
        // hdr_size 0x8000: an allowed length, but not this header's.
        try file.write([0x80], at: 14)
        let copies = try Self.copies(of: file)
        #expect(copies.secondary == intact.secondary)
        let header = try LUKSHeader(checking: copies, deviceByteCount: UInt64(file.byteCount))
        #expect(header.tornCopy == TornCopy(kind: .primary, defect: .checksum))
    }

    private static func copies(of file: VolumeFile) throws -> HeaderCopies {
        try HeaderCopies { (offset, count) throws in try file.read(offset, count) }
    }

    @Test func aDeviceThatIsTooShortIsMalformed() throws {
        for count in [0, 1, 4095, 4096, 16384, 20480] {
            let disk = Array((header.primary + header.secondary).prefix(count))
            let copies = HeaderCopies { (offset, count) throws(Never) in Array(disk.dropFirst(offset).prefix(count)) }
            let error = #expect(throws: HeaderError.self, "\(count) bytes") {
                try LUKSHeader(checking: copies, deviceByteCount: UInt64(count))
            }
            #expect(error?.isMalformed == (count < 16384), "\(count) bytes")
        }
    }

    @Test func twoBrokenCopiesAreMalformed() {
        var forged = header
        forged.primary[20] ^= 1
        forged.secondary[4096] ^= 1
        let error = HeaderError.malformed(primary: .checksum, secondary: .checksum)
        #expect(throws: error) { try forged.checked() }
        #expect(error.isMalformed)
        #expect(error.reason == "malformed")
    }

    /// Byte of the copy, and what is wrong where it is changed.
    @Test(arguments: [
        (0, HeaderDefect.magic), (0x18, .checksum), (448, .checksum), (512, .bytes(.reservedNotZero(offset: 512))),
        (4096, .checksum),
    ])
    func aTornCopyIsPassedOver(_ offset: Int, _ defect: HeaderDefect) throws {
        for kind in [HeaderCopy.Kind.primary, .secondary] {
            let file = try VolumeFile()
            let place = offset + (kind == .secondary ? 16384 : 0)
            let byte = try #require(try file.read(place, 1).first)
            try file.write([byte ^ 0x1F], at: place)
            let copies = try Self.copies(of: file)
            let read = try LUKSHeader(checking: copies, deviceByteCount: UInt64(file.byteCount))
            #expect(read.tornCopy == TornCopy(kind: kind, defect: defect))
            #expect(read.source != kind)
            // What the guest goes on with, and what libcryptsetup makes of the disk, are without a tear.
            let restored = try copies.restored(from: read.source)
            let again = try LUKSHeader(checking: restored, deviceByteCount: UInt64(file.byteCount))
            #expect(again.tornCopy == nil)
            try file.cryptsetup("repair", [file.path])
            #expect(try ForgedHeader(of: file).checked().tornCopy == nil)
        }
    }

    /// No leftover of a power cut: somebody computed the checksum.
    @Test func aCopyWithARightChecksumThatCannotBeReadIsRefused() throws {
        var unreadable = header
        unreadable.text += "]"
        var reserved = header
        reserved.overwrite([1], at: 0x108)
        var misplaced = header
        misplaced.overwrite([0, 0, 0, 0, 0, 1, 0, 0], at: 0x100)
        for other in [unreadable, reserved, misplaced] {
            for kind in [HeaderCopy.Kind.primary, .secondary] {
                var forged = header
                if kind == .primary { forged.primary = other.primary } else { forged.secondary = other.secondary }
                let error = #expect(throws: HeaderError.self) { try forged.checked() }
                guard case .copyInvalid(kind, _) = error else {
                    Issue.record("\(kind): \(String(describing: error))")
                    continue
                }
                #expect(error?.isMalformed == false)
                #expect(error?.description.contains("cryptsetup repair") == true)
            }
        }
    }

    /// libcryptsetup might take these for the newer header; their checksum is not ours to judge.
    @Test func aCopyOfAnotherFormatIsNotTorn() throws {
        let changes: [(Int, [UInt8], HeaderDefect)] = [
            (6, [0, 3], .version(3)), (8, [0, 0, 0, 0, 0, 0, 0x50, 0], .size(0x5000)),
            (0x48, Array("sha512".utf8), .checksumAlgorithm("sha512")),
        ]
        for (offset, bytes, defect) in changes {
            var forged = header
            forged.secondary.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            #expect(throws: HeaderError.copyInvalid(.secondary, defect)) { try forged.checked() }
        }
    }

    /// The rules hold for the copy that is whole.
    @Test func aTornCopyBesideOneThatBreaksARuleIsRefused() throws {
        var forged = header
        try forged.set("segments.0.encryption", #""cipher_null-ecb""#)
        forged.primary[4096] = 0
        let error = #expect(throws: HeaderError.self) { try forged.checked() }
        #expect(error?.reason == "segment-encryption")
    }

    /// What a power cut between the two writes leaves behind.
    @Test(arguments: [HeaderCopy.Kind.primary, .secondary])
    func takesTheCopyThatIsOneWriteAhead(_ newer: HeaderCopy.Kind) throws {
        let file = try VolumeFile()
        let old = try ForgedHeader(of: file)
        _ = try file.importToken(#"{"type":"test","keyslots":[]}"#)
        var forged = try ForgedHeader(of: file)
        if newer == .primary { forged.secondary = old.secondary } else { forged.primary = old.primary }
        let header = try forged.checked()
        #expect(header.source == newer)
        #expect(header.tokens.count == 1)
        // Both copies made from it are alike to our reader, and to cryptsetup.
        let restored = try forged.copies.restored(from: newer)
        let again = try LUKSHeader(checking: restored, deviceByteCount: UInt64(ForgedHeader.deviceByteCount))
        #expect(again.metadata == header.metadata)
        try file.write(restored.primary, at: 0)
        try file.write(restored.secondary, at: restored.primary.count)
        _ = try file.cryptsetup("open", ["--test-passphrase", "--key-file", file.keyFile, file.path])
        #expect(try ForgedHeader(of: file).copies == restored, "cryptsetup found nothing to repair")
    }

    /// The newer copy counts, so it must keep the rules; the older one need not.
    @Test func aNewerCopyThatBreaksARuleIsRefused() throws {
        var forged = header
        var other = header
        try other.set("segments.0.encryption", #""cipher_null-ecb""#)
        forged.secondary = other.secondary
        forged.secondary[0x17] += 1
        forged.fixChecksums()
        let error = #expect(throws: HeaderError.self) { try forged.checked() }
        #expect(error?.reason == "segment-encryption")
    }

    /// What no single power cut leaves behind, and what the host can make by replay.
    @Test func refusesCopiesOfVeryDifferentAgeUntilCryptsetupRepairsThem() throws {
        let file = try VolumeFile()
        let old = try ForgedHeader(of: file)
        try file.addKeyslot()
        try file.addKeyslot()
        var forged = try ForgedHeader(of: file)
        forged.secondary = old.secondary
        let error = #expect(throws: HeaderError.self) { try forged.checked() }
        #expect(error?.reason == "sequence-differs")
        #expect(error?.isMalformed == false)
        #expect(error?.description.contains("cryptsetup repair") == true)
        try file.write(forged.secondary, at: 16384)
        try file.cryptsetup("repair", [file.path])
        #expect(try ForgedHeader(of: file).checked().keyslots.count == 3)
    }

    /// The offset of the binary header that differs, and the name in the error.
    @Test(arguments: [(0xA8, "uuid", UInt8(0x30)), (0x18, "label", 0x61), (0xD0, "subsystem", 0x61)])
    func refusesCopiesThatDifferInAField(_ offset: Int, _ field: String, _ byte: UInt8) {
        var forged = header
        // 'f' or '0', whichever it is not.
        forged.secondary[offset] = forged.secondary[offset] == byte ? 0x66 : byte
        forged.fixChecksums()
        #expect(throws: HeaderError.refused(.copiesDiffer, object: field, found: "two versions")) {
            try forged.checked()
        }
    }

    @Test func refusesCopiesWithDifferentMetadata() throws {
        var other = header
        try other.set("segments.0.encryption", #""cipher_null-ecb""#)
        var forged = header
        forged.secondary = other.secondary
        #expect(throws: HeaderError.refused(.copiesDiffer, object: "metadata", found: "two versions")) {
            try forged.checked()
        }
        (forged.primary, forged.secondary) = (other.primary, header.secondary)
        #expect(throws: HeaderError.refused(.copiesDiffer, object: "metadata", found: "two versions")) {
            try forged.checked()
        }
    }
}
