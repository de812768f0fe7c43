import Foundation
import HeaderForgery
import LUKSHeader
import TestSupport
import Testing

@Suite struct CanonicalHeaderTests {
    let header: ForgedHeader
    let canonical: [UInt8]

    init() throws {
        header = try ForgedHeader.ofPlainVolume()
        canonical = try #require(try header.checked().canonical(keyslot: 0))
    }

    /// The form that the doc comment of `canonical` describes, once more, with Foundation's JSON.
    private static func encoded(_ value: Any) -> Data {
        switch value {
        case let text as String: Data([3]) + prefixed(text)
        case let list as [Any]: list.reduce(Data([4]) + number(list.count, bytes: 4)) { $0 + encoded($1) }
        case let object as [String: Any]:
            object.keys.sorted().reduce(Data([5]) + number(object.count, bytes: 4)) {
                $0 + prefixed($1) + encoded(object[$1] ?? NSNull())
            }
        case let integer as Int: Data([2]) + number(integer, bytes: 8)
        default: Data([0])
        }
    }

    private static func prefixed(_ text: String) -> Data { number(text.utf8.count, bytes: 4) + Data(text.utf8) }

    private static func number(_ value: Int, bytes: Int) -> Data {
        Data((0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }

    @Test func isTheDocumentedForm() throws {
        let file = try ForgedHeader.plain.get()
        let dump = try file.cryptsetup("luksDump", ["--dump-json-metadata", file.path])
        let root = try #require(try JSONSerialization.jsonObject(with: Data(dump.utf8)) as? [String: Any])
        let keyslots = try #require(root["keyslots"] as? [String: Any])
        let uuid = try file.cryptsetup("luksUUID", [file.path]).trimmingCharacters(in: .newlines)
        var expected = Self.prefixed("sealroot luks2 header") + Self.number(1, bytes: 4) + Self.prefixed(uuid)
        expected += Self.number(16384, bytes: 8)
        for section in ["segments", "digests", "config"] { expected += Self.encoded(try #require(root[section])) }
        expected += Self.number(0, bytes: 4) + Self.encoded(try #require(keyslots["0"]))
        #expect(canonical == Array(expected))
    }

    @Test func staysTheSameWhenCryptsetupAddsKeyslotsTokensAndALabel() throws {
        let file = try VolumeFile()
        let before = try ForgedHeader(of: file).checked().canonical(keyslot: 0)
        try file.addKeyslot()
        _ = try file.importToken(#"{"type":"sealroot","keyslots":["0"]}"#)
        try file.cryptsetup("config", ["--label", "root", file.path])
        let header = try ForgedHeader(of: file).checked()
        #expect(header.canonical(keyslot: 0) == before)
        #expect(header.canonical(keyslot: 1) != before)
        #expect(header.canonical(keyslot: 1) != nil)
        #expect(header.canonical(keyslot: 2) == nil)
    }

    @Test(arguments: [
        JSONSerialization.WritingOptions.sortedKeys, .prettyPrinted,
        [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes],
    ])
    func doesNotDependOnTheSpellingOfTheJSON(_ options: JSONSerialization.WritingOptions) throws {
        var forged = header
        try forged.respell(options)
        #expect(forged.text != header.text)
        #expect(try forged.checked().canonical(keyslot: 0) == canonical)
    }

    @Test(arguments: [
        ("segments.0.offset", #""20971520""#), ("segments.0.size", #""4096""#), ("segments.0.sector_size", "512"),
        ("digests.0.salt", #""MDEyMzQ1Njc4OWFiY2RlZg==""#), ("digests.0.iterations", "1001"),
        ("digests.0.digest", #""MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=""#),
        ("config.keyslots_size", #""8388608""#), ("config.flags", #"["allow-discards"]"#),
        ("keyslots.0.kdf.iterations", "1001"), ("keyslots.0.kdf.hash", #""sha512""#),
        ("keyslots.0.kdf.salt", #""MDEyMzQ1Njc4OWFiY2RlZg==""#), ("keyslots.0.af.hash", #""sha512""#),
        ("keyslots.0.area.offset", #""36864""#), ("keyslots.0.area.size", #""262144""#),
        ("keyslots.0.area.key_size", "32"), ("keyslots.0.priority", "2"),
    ])
    func changesWithEveryFieldThatItCovers(_ path: String, _ json: String) throws {
        var forged = header
        try forged.set(path, json)
        #expect(try forged.checked().canonical(keyslot: 0) != canonical)
    }

    @Test func changesWithTheUUID() throws {
        var forged = header
        forged.overwrite([forged.primary[168] == 0x30 ? 0x31 : 0x30], at: 168)
        #expect(try forged.checked().canonical(keyslot: 0) != canonical)
    }

    @Test func noByteOfTheMetadataChangesUnseen() {
        for offset in 4096..<4096 + header.text.utf8.count {
            for bit: UInt8 in [0x01, 0x20] {
                var forged = header
                forged.overwrite([forged.primary[offset] ^ bit], at: offset)
                do throws(HeaderError) {
                    let accepted = try forged.checked()
                    #expect(accepted.canonical(keyslot: 0) != canonical, "byte \(offset), bit \(bit)")
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }
}
