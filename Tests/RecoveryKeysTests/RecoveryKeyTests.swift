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
    }

    @Test func namesThePlaceOfWhatIsWrong() {
        let letters = Array(Self.formatted.utf8)
        for index in letters.indices {
            var typed = letters
            // A digit is none of the letters, and no dash.
            typed[index] = UInt8(ascii: "1")
            let expected: RecoveryKeyError = index % 9 == 8 ? .dash(offset: index) : .letter(offset: index)
            #expect(throws: expected) { _ = try RecoveryKey(parsing: typed.span) }
        }
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
