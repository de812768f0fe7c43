import Secrets
import Testing

@testable import RecoveryKeys

@Suite struct RecoveryKeyTests {
    /// The key in systemd's own test, src/test/test-recovery-key.c. Its bytes are what
    /// `tr cbdefghijklnrtuv 0-9a-f` makes of the letters.
    private static let formatted = "iefgcelh-biduvkjv-cjvuncnk-vlfchdid-jhtuhhde-urkllkeg-ilkjgbrt-hjkbgktj"
    private static let bytes: [UInt8] = [
        0x73, 0x45, 0x03, 0xA6, 0x17, 0x2E, 0xF9, 0x8F, 0x08, 0xFE, 0xB0, 0xB9, 0xFA, 0x40, 0x62, 0x72,
        0x86, 0xDE, 0x66, 0x23, 0xEC, 0x9A, 0xA9, 0x35, 0x7A, 0x98, 0x51, 0xCD, 0x68, 0x91, 0x59, 0xD8,
    ]

    private func text(_ key: borrowing RecoveryKey) -> String {
        var bytes: [UInt8] = []
        for index in 0..<key.text.count { bytes.append(key.text.bytes[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func parse(_ text: String) throws(RecoveryKeyError) -> RecoveryKey {
        try RecoveryKey(parsing: Array(text.utf8).span)
    }

    @Test func spellsAKeyAsSystemdDoes() {
        let secret = SecretBytes(count: 32) { output in
            for index in 0..<32 { output[index] = Self.bytes[index] }
        }
        #expect(text(RecoveryKey(encoding: secret)) == Self.formatted)
    }

    @Test(arguments: [
        formatted, formatted.uppercased(), formatted.filter { $0 != "-" }, formatted.filter { $0 != "-" }.uppercased(),
    ])
    func readsItWithOrWithoutDashesInEitherCase(_ typed: String) throws {
        #expect(text(try parse(typed)) == Self.formatted)
    }

    @Test func refusesOtherLengths() {
        for count in 0..<100 where count != 64 && count != 71 {
            #expect(throws: RecoveryKeyError.length(count)) { _ = try parse(String(repeating: "c", count: count)) }
        }
        let dashes = String(repeating: "-", count: 5000)
        #expect(throws: RecoveryKeyError.length(5000)) { _ = try parse(dashes) }
    }

    @Test(arguments: 0..<8, [0, 7, 9, 30]) func namesTheGroupThatIsTooShortOrTooLong(_ index: Int, _ count: Int) {
        var groups = Self.formatted.split(separator: "-").map(String.init)
        groups[index] = String(repeating: "c", count: count)
        #expect(throws: RecoveryKeyError.groupLength(group: index + 1, count)) {
            _ = try parse(groups.joined(separator: "-"))
        }
    }

    @Test func namesThePlaceOfWhatIsWrong() {
        let letters = Array(Self.formatted.utf8)
        for index in letters.indices {
            var typed = letters
            // A digit is none of the letters, and no dash.
            typed[index] = UInt8(ascii: "1")
            let group = index / 9 + 1
            let expected: RecoveryKeyError =
                index % 9 == 8 ? .dash(group: group) : .letter(group: group, position: index % 9 + 1)
            #expect(throws: expected) { _ = try RecoveryKey(parsing: typed.span) }
            guard index % 9 != 8 else { continue }
            // Without dashes it is the same letter of the same group.
            typed.removeAll { $0 == UInt8(ascii: "-") }
            #expect(throws: expected) { _ = try RecoveryKey(parsing: typed.span) }
        }
    }

    @Test(arguments: [
        (formatted, formatted), (formatted + "\n", formatted), (formatted + "\r\n", formatted),
        (formatted.filter { $0 != "-" }.uppercased() + "\n", formatted), ("", ""), ("\n", "\n"),
        ("correct horse\n", "correct horse\n"), (formatted + "\n\n", formatted + "\n\n"),
    ])
    func aTypedTextThatIsNoKeyIsThePassphraseItself(_ typed: String, _ passphrase: String) {
        let bytes = Array(typed.utf8)
        let secret = SecretBytes(count: bytes.count) { copy in for index in bytes.indices { copy[index] = bytes[index] }
        }
        let found = RecoveryKey.passphrase(for: secret)
        #expect(found.bytes.indices.map { found.bytes[$0] } == Array(passphrase.utf8))
    }

    /// The sixteen letters and their capitals are all that counts, among the 256 bytes.
    @Test func takesExactlyTheLettersOfTheAlphabet() {
        let accepted = (0...UInt8.max).filter { byte in
            (try? RecoveryKey(parsing: [UInt8](repeating: byte, count: 64).span)) != nil
        }
        #expect(accepted == Array("BCDEFGHIJKLNRTUVbcdefghijklnrtuv".utf8))
    }

    @Test func makesANewKeyEachTimeThatItReadsItself() throws {
        let one = text(try RecoveryKey.generate())
        let other = text(try RecoveryKey.generate())
        #expect(one != other)
        #expect(text(try parse(one)) == one)
    }
}
