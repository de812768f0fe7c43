import BoundedBytes
import EFI
import Testing

@Suite struct CertificateTableTests {
    /// A WIN_CERTIFICATE by hand: length 12, revision 2.0, type 2, four bytes; then zeros up to sixteen.
    private let entry: [UInt8] = [12, 0, 0, 0, 0, 2, 2, 0, 1, 2, 3, 4, 0, 0, 0, 0]

    @Test func walksEntriesAtMultiplesOfEight() throws {
        let found = try AttributeCertificate.parseTable(entry + entry.prefix(12))
        #expect(found.map(\.content) == [[1, 2, 3, 4], [1, 2, 3, 4]])
        #expect(found.map(\.isPKCS7) == [true, true])
    }

    @Test(arguments: [0, 7, 8, 29, UInt8.max]) func refusesALengthThatLeavesTheTable(_ length: UInt8) {
        var table = entry
        table[0] = length
        #expect(throws: EFIError.self) { try AttributeCertificate.parseTable(table) }
    }

    @Test func refusesBytesBetweenEntriesAndOldRevisions() {
        var table = entry
        table[13] = 1
        #expect(throws: EFIError.bytes(.certificateTable, .reservedNotZero(offset: 13))) {
            try AttributeCertificate.parseTable(table)
        }
        table = entry
        table[5] = 1
        #expect(throws: EFIError.value(.certificateTable, field: "wRevision", offset: 4, value: 0x100)) {
            try AttributeCertificate.parseTable(table)
        }
    }
}
