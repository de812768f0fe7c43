import SNPABI
import Testing

@Suite struct SNPFormatErrorTests {
    @Test func saysWhatAndWhere() {
        let error = SNPFormatError("ATTESTATION_REPORT", .size(expected: 1184, found: 793))
        #expect(error.description == "ATTESTATION_REPORT: 793 bytes instead of 1184")
    }
}
