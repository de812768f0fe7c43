import BoundedBytes
import Testing

@Suite struct TextCodingTests {
    /// Source: RFC 4648, section 10.
    static let vectors = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: vectors)
    func agreesWithTheBase64OfTheRFC(_ plain: String, _ coded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == coded)
        #expect(Base64.decode(coded) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg=", "Zg", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", " Zm9", "Zm-v", "Z=9v"])
    func refusesAnythingButStrictBase64(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func writesAndReadsHexadecimal() {
        #expect(Hexadecimal.encode([0x00, 0x9F, 0xFF]) == "009fff")
        #expect(Hexadecimal.decode("009FfF") == [0x00, 0x9F, 0xFF])
        #expect(Hexadecimal.decode("0") == nil)
        #expect(Hexadecimal.decode("0g") == nil)
    }

    @Test(arguments: [("0x81000002", UInt32(0x8100_0002)), ("0x0", 0), ("0xffffffff", .max)])
    func readsHandles(_ text: String, _ handle: UInt32) {
        #expect(Hexadecimal.parsePrefixed(text) == handle)
        #expect(Hexadecimal.prefixed(handle) == text)
    }

    @Test(arguments: ["", "0x", "81000002", "0x100000000", "0x8100000g", "0X81000002"])
    func refusesWhatIsNoHandle(_ text: String) {
        #expect(Hexadecimal.parsePrefixed(text) == nil)
    }
}

@Suite struct PrintableTests {
    @Test func showsPrintableASCIIAsItIs() {
        #expect(Printable.escape("aes-xts-plain64 '~") == "aes-xts-plain64 '~")
    }

    @Test func spellsEveryOtherByte() {
        #expect(Printable.escape("a\n\u{1B}[0m\\\u{7F}ä") == #"a\x0a\x1b[0m\x5c\x7f\xc3\xa4"#)
    }

    @Test func cutsLongText() {
        let text = String(repeating: "x", count: 64)
        #expect(Printable.escape(text) == text)
        #expect(Printable.escape(text + "y") == text + "...")
    }
}
