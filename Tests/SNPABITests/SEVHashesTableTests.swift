import BoundedBytes
import SNPABI
import TestSupport
import Testing

@Suite struct SEVHashesTableTests {
    /// SHA-256 of no bytes, as sha256sum prints it.
    private let empty =
        Hexadecimal.decode("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") ?? []

    @Test(.enabled(if: SharedData.isPresent)) func isByteForByteWhatAnotherToolWrites() throws {
        let bytes = try SharedData.bytes("generated/sev_hashes_table_devnull_console.bin")
        let table = try SEVHashesTable(ofKernel: empty, initrd: nil, commandLineText: "console=ttyS0 loglevel=7")
        #expect(table.encoded() == bytes)
        #expect(try SEVHashesTable(parsing: bytes) == table)
        #expect(try SEVHashesTable(parsing: Array(bytes[..<168])) == table)
    }

    @Test func isRefusedWhereItIsCutOrChanged() throws {
        let bytes = try SEVHashesTable(ofKernel: empty, initrd: empty, commandLineText: "").encoded()
        for count in 0..<168 {
            #expect(throws: SNPFormatError.self, "\(count)") { try SEVHashesTable(parsing: Array(bytes[..<count])) }
        }
        // The GUIDs, the lengths and the padding; not the digests.
        for offset in [0..<36, 68..<86, 118..<136, 168..<176].joined() {
            var changed = bytes
            changed[offset] ^= 0x10
            #expect(throws: SNPFormatError.self, "\(offset)") { try SEVHashesTable(parsing: changed) }
        }
        var swapped = bytes
        swapped.replaceSubrange(18..<68, with: bytes[118..<168])
        #expect(throws: SNPFormatError("SEV hashes table", .missing("command line"))) {
            try SEVHashesTable(parsing: swapped)
        }
    }
}
