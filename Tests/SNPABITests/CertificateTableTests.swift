import BoundedBytes
import SNPABI
import Testing

@Suite struct CertificateTableTests {
    private let table = CertificateTable([
        .init(CertificateTable.vcek, Array("leaf".utf8)), .init(CertificateTable.ask, [1, 2, 3]),
        .init(CertificateTable.ark, []),
    ])

    /// The bytes of AMD's document: GUIDs in the order of their text.
    @Test func hasItsGUIDsInTextOrder() {
        let bytes = table.encoded()
        #expect(Hexadecimal.encode(bytes[..<16]) == "63da758de6644564adc5f4b93be8accd")
        #expect(Hexadecimal.encode(bytes[16..<24]) == "6000000004000000")
        #expect(bytes.count == 4 * 24 + 7)
    }

    @Test func isReadAsItWasWritten() throws {
        #expect(try CertificateTable(parsing: table.encoded()) == table)
        #expect(try CertificateTable(parsing: table.encoded() + [0, 0, 0]) == table)
        #expect(try CertificateTable(parsing: []).entries.isEmpty)
        #expect(table[CertificateTable.ask] == [1, 2, 3])
        #expect(table[CertificateTable.vlek] == nil)
    }

    @Test func isRefusedAtEveryShorterLength() {
        let bytes = table.encoded()
        for count in 1..<bytes.count {
            #expect(throws: SNPFormatError.self) { try CertificateTable(parsing: Array(bytes[..<count])) }
        }
    }

    @Test(arguments: [
        (16, UInt32(0)), (16, 95), (16, 0xFFFF_FFFF), (20, 0xFFFF_FFFF), (20, 8), (16, 103),
    ]) func refusesEntriesThatLeadAstray(_ offset: Int, _ value: UInt32) {
        var bytes = table.encoded()
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
        #expect(throws: SNPFormatError.self) { try CertificateTable(parsing: bytes) }
    }

    @Test func refusesATableWithoutEnd() {
        let entry = CertificateTable.vcek.textOrder + [UInt8](repeating: 0, count: 8)
        let bytes = Array(repeatElement(entry, count: 1000).joined())
        #expect(throws: SNPFormatError("certificate table", .value(field: "entries", 65))) {
            try CertificateTable(parsing: bytes)
        }
    }
}
