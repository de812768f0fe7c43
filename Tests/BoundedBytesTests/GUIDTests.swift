import BoundedBytes
import Testing

@Suite struct GUIDTests {
    /// EFI_GLOBAL_VARIABLE as it lies in every variable store. Source: UEFI 2.10, appendix A and section 3.3.
    private static let bytes: [UInt8] = [
        0x61, 0xDF, 0xE4, 0x8B, 0xCA, 0x93, 0xD2, 0x11, 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C,
    ]
    private static let text = "8be4df61-93ca-11d2-aa0d-00e098032b8c"

    @Test func itsThreeFormsAreOne() throws {
        #expect(GUID(bytes: Self.bytes) == GUID.globalVariable)
        #expect(GUID(Self.text.uppercased()) == GUID.globalVariable)
        #expect(GUID.globalVariable.bytes == Self.bytes)
        #expect(GUID.globalVariable.description == Self.text)
    }

    @Test func aReaderTakesAllOfOneOrNothing() throws {
        var reader = ByteReader(Self.bytes.span)
        let (guid, offset) = (try reader.guid(), reader.offset)
        #expect(guid == GUID.globalVariable && offset == 16)
        var cut = ByteReader(Self.bytes.span.extracting(0..<15))
        var failure: ByteError?
        do throws(ByteError) { _ = try cut.guid() } catch { failure = error }
        let left = cut.remaining
        #expect(failure == .truncated(offset: 0, needed: 16, available: 15) && left == 15)
        #expect(GUID(bytes: Self.bytes + [0]) == nil)
    }

    @Test(arguments: [
        text + "0", String(text.dropLast()), text.replacing("-", with: "0"), text.replacing("b", with: "g"),
    ])
    func refusesOtherText(_ text: String) { #expect(GUID(text) == nil) }

    /// A signature list has one for each signature of a byte.
    @Test func takesNoMoreMemoryThanItsBytes() { #expect(MemoryLayout<GUID>.size == 16) }
}

@Suite struct TextLinesTests {
    @Test(arguments: [
        ("", [""]), ("\n", ["", ""]), ("a", ["a"]), ("a\nbc\n", ["a", "bc", ""]), ("\n\na", ["", "", "a"]),
    ])
    func splitsAtEachLineBreak(_ text: String, _ lines: [String]) {
        #expect(TextLines(Array(text.utf8)[...]).map { String(decoding: $0, as: UTF8.self) } == lines)
    }
}
