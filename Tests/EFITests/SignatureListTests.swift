import BoundedBytes
import EFI
import TestSupport
import Testing

@Suite(.enabled(if: SharedData.isPresent)) struct SignatureListTests {
    struct Expected: CustomTestStringConvertible {
        let name: String
        let type: GUID
        let count: Int
        /// Of the PKCS#7 message, and of what follows it.
        let signatureByteCount: Int
        let last: String
        var testDescription: String { name }
    }

    /// Counted with Python's `struct.unpack` over the files, without this code.
    static let updates = [
        Expected(
            name: "DBUpdate3P2023.bin", type: SignatureList.x509, count: 1, signatureByteCount: 3297,
            last: "4c6a0d1955f73a9c922196a1d5f80a8c9dbfc9ebca8842fc4bb4efff27302161"),
        Expected(
            name: "DBXUpdateSVN.bin", type: SignatureList.sha256, count: 3, signatureByteCount: 3312,
            last: "01c2ca99c9fe7f6f4981279e2a8a535976000003000000000000000000000000"),
        Expected(
            name: "DBXUpdate_amd64_latest.bin", type: SignatureList.sha256, count: 443, signatureByteCount: 3297,
            last: "96275dfd6282a522b011177ee049296952ac794832091f937fbbf92869028629"),
        Expected(
            name: "dbxupdate-2014-08-11.bin", type: SignatureList.sha256, count: 13, signatureByteCount: 3319,
            last: "90fbe70e69d633408d3e170c6832dbb2d209e0272527dfb63d49d29572a6f44c"),
        Expected(
            name: "dbxupdate_x64-2021-04-29.bin", type: SignatureList.sha256, count: 211, signatureByteCount: 3305,
            last: "af79b14064601bc0987d4747af1e914a228c05d622ceda03b7a4f67014fee767"),
    ]

    @Test(arguments: updates) func readsTheUpdatesOfMicrosoft(_ expected: Expected) throws {
        let update = try AuthenticatedUpdate(parsing: try SharedData.bytes("siglist/" + expected.name))
        #expect(update.timestamp.prefix(7) == [0xDA, 0x07, 3, 6, 19, 17, 21])
        #expect(update.signature.count == expected.signatureByteCount)
        let lists = try SignatureList.parseAll(update.payload)
        #expect(lists.map(\.type) == [expected.type])
        #expect(lists.map(\.signatures.count) == [expected.count])
        let last = try #require(lists[0].signatures.last?.data)
        #expect(Hexadecimal.encode(last.suffix(32)) == expected.last)
    }

    @Test func refusesAnUpdateCutAnywhere() throws {
        let bytes = try SharedData.bytes("siglist/DBXUpdateSVN.bin")
        for length in 0..<bytes.count {
            let cut = Array(bytes.prefix(length))
            // With nothing behind the signature an update empties the variable: that one length is well formed.
            if length == bytes.count - 172 {
                #expect(try AuthenticatedUpdate(parsing: cut).payload == [])
            } else {
                #expect(throws: EFIError.self, "cut to \(length)") {
                    try SignatureList.parseAll(try AuthenticatedUpdate(parsing: cut).payload)
                }
            }
        }
    }

    @Test(arguments: [(16, 27), (16, 173), (16, UInt32.max), (20, 145), (20, UInt32.max), (24, 0), (24, 16), (24, 47)])
    func refusesSizesThatDoNotFitTogether(_ offset: Int, _ value: UInt32) throws {
        var list = try AuthenticatedUpdate(parsing: try SharedData.bytes("siglist/DBXUpdateSVN.bin")).payload
        try #require(list.count == 172)
        for index in 0..<4 { list[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
        #expect(throws: EFIError.self) { try SignatureList.parseAll(list) }
    }

    /// Signatures of one byte, a size that no known type has: what is kept of each beside that byte is small.
    @Test func takesLittleMemoryForManySmallSignatures() throws {
        let count = 10_000
        var list = ByteWriter()
        list.append([UInt8](repeating: 9, count: 16))
        for value in [28 + 17 * count, 0, 17] { list.littleEndian(UInt32(value)) }
        list.append([UInt8](repeating: 7, count: 17 * count))
        let signatures = try SignatureList.parseAll(list.bytes)[0].signatures
        #expect(signatures.count == count && signatures.capacity < count + count / 10)
        #expect(MemoryLayout<SignatureList.Signature>.stride == 24)
    }
}
