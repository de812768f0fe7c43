import Cryptography
import Foundation
import HeaderForgery
import JSON
import LUKSHeader
import TestSupport
import Testing

/// Headers that must be accepted, read beside what cryptsetup itself reads.
@Suite struct LUKSHeaderTests {
    static func read(_ file: VolumeFile) throws -> LUKSHeader {
        let copies = try HeaderCopies { (offset, count) throws in try file.read(offset, count) }
        return try LUKSHeader(checking: copies, deviceByteCount: UInt64(file.byteCount))
    }

    /// `luksDump --dump-json-metadata` and our reading, both through Foundation.
    static func agreesWithCryptsetup(_ header: LUKSHeader, _ file: VolumeFile) throws -> Bool {
        let dump = try file.cryptsetup("luksDump", ["--dump-json-metadata", file.path])
        let theirs = try JSONSerialization.jsonObject(with: Data(dump.utf8)) as? NSDictionary
        let ours = try JSONSerialization.jsonObject(with: Data(header.metadata.compact.utf8)) as? NSDictionary
        return theirs != nil && theirs == ours
    }

    @Test func readsWhatCryptsetupFormatsByDefault() throws {
        let file = try ForgedHeader.plain.get()
        let header = try Self.read(file)
        #expect(try Self.agreesWithCryptsetup(header, file))
        let uuid = try file.cryptsetup("luksUUID", [file.path])
        #expect(header.uuid + "\n" == uuid)
        #expect(header.label.isEmpty)
        #expect(header.copyByteCount == 16384)
        #expect(header.metadataByteCount == 16 << 20)
        // As luksDump printed them for such a volume on the bench: 32 MiB, cryptsetup 2.6.1.
        #expect(header.segment.extent.offset == 16_777_216)
        #expect(header.segment.extent.end == 32 << 20)
        #expect(header.segment.sectorByteCount == 4096)
        #expect(header.keyslots.map(\.id) == [0])
        #expect(header.keyslot(0)?.area.offset == 32768)
        #expect(header.keyslot(0)?.area.byteCount == 258_048)
        #expect(header.keyslot(0)?.kdf == .pbkdf2(.sha256, iterations: 1000))
        #expect(header.digest.hash == .sha256)
        #expect(header.tokens.isEmpty)
        #expect(header.configuration.flags.isEmpty)
    }

    @Test func readsAVolumeWithOtherSizesAndALabel() throws {
        let file = try VolumeFile(
            byteCount: 24 << 20,
            format: [
                "--pbkdf", "argon2id", "--pbkdf-memory", "64", "--pbkdf-force-iterations", "5", "--pbkdf-parallel", "2",
                "--sector-size", "512", "--label", "rööt", "--subsystem", "sealroot", "--luks2-metadata-size", "64k",
                "--luks2-keyslots-size", "1m", "--hash", "sha512",
            ])
        let header = try Self.read(file)
        #expect(try Self.agreesWithCryptsetup(header, file))
        #expect(header.label == "rööt")
        #expect(header.copyByteCount == 65536)
        #expect(header.keyslot(0)?.area.offset == 131_072)
        #expect(header.keyslot(0)?.kdf == .argon2(.id, passes: 5, memory: 64, lanes: 2))
        #expect(header.digest.hash == .sha512)
        #expect(header.segment.sectorByteCount == 512)
        #expect(header.metadataByteCount == 131_072 + 1_048_576)
    }

    @Test func readsKeyslotsTokensPriorityAndFlags() throws {
        let file = try VolumeFile()
        try file.addKeyslot()
        try file.cryptsetup("config", ["--key-slot", "1", "--priority", "prefer", file.path])
        _ = try file.importToken(#"{"type":"sealroot","keyslots":["1"],"version":7}"#, id: 3)
        _ = try file.importToken(#"{"type":"other","keyslots":[]}"#, id: 0)
        let header = try Self.read(file)
        #expect(try Self.agreesWithCryptsetup(header, file))
        #expect(header.keyslots.map(\.id) == [0, 1])
        #expect(header.digest.keyslots == [0, 1])
        #expect(header.tokens.map(\.id) == [0, 3])
        let token = try #require(header.tokens(ofType: "sealroot").first)
        #expect(token.id == 3)
        #expect(token.keyslots == [1])
        #expect(token.value["version"] == .integer(7))
    }

    @Test(arguments: [
        "allow-discards", "same-cpu-crypt", "submit-from-crypt-cpus", "no-read-workqueue", "no-write-workqueue",
    ])
    func acceptsThePersistentFlagsOfAPlainMapping(_ flag: String) throws {
        var forged = try ForgedHeader.ofPlainVolume()
        try forged.set("config.flags", #"["\#(flag)"]"#)
        #expect(try forged.checked().configuration.flags.map(\.rawValue) == [flag])
    }

    @Test func acceptsAnImageThatReencryptionEncryptedInPlace() throws {
        let file = try VolumeFile()
        try file.write([UInt8](repeating: 0x5A, count: 65536), at: 0)
        try file.write([UInt8](repeating: 0, count: 32768), at: 0)
        try file.cryptsetup(
            "reencrypt",
            VolumeFile.cheap + [
                "--encrypt", "--type", "luks2", "--reduce-device-size", "16M", "--cipher", "aes-xts-plain64",
                "--key-size", "512", "--key-file", file.keyFile, file.path,
            ])
        let header = try Self.read(file)
        #expect(try Self.agreesWithCryptsetup(header, file))
        #expect(header.segment.extent.offset == 8 << 20)
    }

    @Test func namesAnUnfinishedReencryption() throws {
        let file = try VolumeFile()
        try file.cryptsetup(
            "reencrypt",
            VolumeFile.cheap + [
                "--init-only", "--resilience", "checksum", "--key-file", file.keyFile, file.path,
            ])
        let error = #expect(throws: HeaderError.self) { try Self.read(file) }
        #expect(error?.reason == "requirements")
        #expect(error?.description.contains("online-reencrypt") == true)
    }

    @Test(.enabled(if: SharedData.isPresent))
    func acceptsTheMetadataOfAnotherProgramsTests() throws {
        var forged = try ForgedHeader.ofPlainVolume()
        forged.text = String(decoding: try SharedData.bytes("luks2/luks.go-metadata-2.json"), as: UTF8.self)
        let header = try forged.checked()
        #expect(header.keyslot(0)?.kdf == .argon2(.i, passes: 6, memory: 1_048_576, lanes: 4))
        #expect(header.digest.iterations == 160_039)
    }

    @Test(.enabled(if: SharedData.isPresent))
    func refusesTheHalfLengthKeysOfAnotherProgramsTests() throws {
        var forged = try ForgedHeader.ofPlainVolume()
        forged.text = String(decoding: try SharedData.bytes("luks2/luks.go-metadata-1.json"), as: UTF8.self)
        #expect(throws: HeaderError.refused(.keyslotKeySize, object: "keyslots.0.key_size", found: "32")) {
            try forged.checked()
        }
    }

    @Test func readsADoubledNameAsCryptsetupDoes() throws {
        let file = try VolumeFile()
        var forged = try ForgedHeader(of: file)
        let honest = #""encryption":"aes-xts-plain64","sector_size""#
        let hostile = #""encryption":"aes-xts-plain64","encryption":"cipher_null-ecb","sector_size""#
        forged.text.replace(honest, with: hostile)
        try file.write(forged.primary + forged.secondary, at: 0)
        #expect(try file.cryptsetup("luksDump", [file.path]).contains("cipher: cipher_null-ecb"))
        #expect(
            throws: HeaderError.refused(
                .segmentEncryption, object: "segments.0.encryption", found: "cipher_null-ecb")
        ) { try forged.checked() }
    }
}
