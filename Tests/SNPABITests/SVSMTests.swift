import BoundedBytes
import SNPABI
import Testing

@Suite struct SVSMTests {
    private let operation = AttestationOperation(
        report: AttestationOperation.Buffer(address: 0x1000, byteCount: 0x1000),
        nonce: AttestationOperation.Buffer(address: 0x2FC0, byteCount: 64),
        manifest: AttestationOperation.Buffer(address: 0x1_0000_0000, byteCount: 0x200),
        certificates: AttestationOperation.Buffer(address: 0x4000, byteCount: 0x4000))

    @Test func callsAreAProtocolAndANumber() {
        #expect(SVSMCall.attestSingleService.rawValue == 0x1_0000_0001)
        #expect(SVSMCall.vtpmCommand.rawValue == 0x2_0000_0001)
        #expect(SVSMCall(rawValue: 0x0000_0002_0000_0000) == .vtpmQuery)
        #expect(SVSMCall.queryProtocol.number == 6 && SVSMCall.queryProtocol.protocolNumber == 0)
    }

    @Test func resultsHaveNames() {
        #expect(SVSMResult(rawValue: 0x8000_0005) == .invalidParameter)
        #expect(SVSMResult.busy.description == "SVSM_ERR_BUSY")
        #expect(SVSMResult.specific(0x10).description == "SVSM result 0x80001010")
    }

    @Test func operationHasItsFieldsWhereTheDocumentHasThem() throws {
        let bytes: [UInt8] =
            [0, 0x10, 0, 0, 0, 0, 0, 0] + [0, 0x10, 0, 0, 0, 0, 0, 0]
            + [0xC0, 0x2F, 0, 0, 0, 0, 0, 0] + [64, 0, 0, 0, 0, 0, 0, 0]
            + [0, 0, 0, 0, 1, 0, 0, 0] + [0, 2, 0, 0, 0, 0, 0, 0]
            + [0, 0x40, 0, 0, 0, 0, 0, 0] + [0, 0x40, 0, 0, 0, 0, 0, 0]
        #expect(try AttestationOperation(parsing: bytes, call: .attestServices) == operation)
        #expect(operation.encoded() == bytes)
        let single =
            bytes + [0xEB, 0xF1, 0x76, 0xC4, 0x23, 0x01, 0xA5, 0x45, 0x96, 0x41, 0xB4, 0xE7, 0xDD, 0xE5, 0xBF, 0xE3]
            + [3, 0, 0, 0, 0, 0, 0, 0]
        var one = operation
        one.service = AttestationOperation.Service(ServicesManifest.vtpm, manifestVersion: 3)
        #expect(try AttestationOperation(parsing: single, call: .attestSingleService) == one)
        #expect(one.encoded() == single)
        for (call, bytes) in [(SVSMCall.attestServices, bytes), (.attestSingleService, single)] {
            for count in 0..<bytes.count {
                #expect(throws: SNPFormatError.self) {
                    try AttestationOperation(parsing: Array(bytes[..<count]), call: call)
                }
            }
        }
        #expect(throws: SNPFormatError("attestation operation", .value(field: "call", 0x2_0000_0000))) {
            try AttestationOperation(parsing: bytes, call: .vtpmQuery)
        }
    }

    /// One change each, and what is said of it.
    @Test func operationIsRefusedWhereItLeadsAstray() throws {
        let name = "attestation operation"
        let cases: [(Int, [UInt8], SNPFormatError)] = [
            (0x00, [1], SNPFormatError(name, .range(field: "report", 0x1001))),
            (0x0C, [1], SNPFormatError(name, .bytes(.reservedNotZero(offset: 0x0C)))),
            (0x10, [0xC1], SNPFormatError(name, .range(field: "nonce", 0x2FC1))),
            (0x18, [63], SNPFormatError(name, .value(field: "nonce size", 63))),
            (0x1B, [1], SNPFormatError(name, .value(field: "nonce size", 0x100_0040))),
            (
                0x20, [0, 0xF0] + [UInt8](repeating: 0xFF, count: 6) + [1, 0x10],
                SNPFormatError(name, .range(field: "manifest", 0xFFFF_FFFF_FFFF_F000))
            ),
            (0x38, [1], SNPFormatError(name, .value(field: "certificates size", 0x4001))),
            (0x3F, [1], SNPFormatError(name, .bytes(.reservedNotZero(offset: 0x3F)))),
            (0x57, [1], SNPFormatError(name, .bytes(.reservedNotZero(offset: 0x57)))),
        ]
        var one = operation
        one.service = AttestationOperation.Service(ServicesManifest.vtpm)
        for (offset, change, error) in cases {
            var bytes = one.encoded()
            bytes.replaceSubrange(offset..<offset + change.count, with: change)
            #expect(throws: error) { try AttestationOperation(parsing: bytes, call: .attestSingleService) }
        }
    }

    /// The value is that of `sha512sum`, over 64 bytes of 0x61 and "manifest".
    @Test func reportDataIsADigestOfNonceAndManifest() throws {
        let nonce = [UInt8](repeating: 0x61, count: 64)
        let data = try AttestationOperation.reportData(nonce: nonce, manifest: Array("manifest".utf8))
        #expect(
            Hexadecimal.encode(data)
                == "9730185f0ad31dd0660d42777a9422f1a0a11710ad5101b82fc62e67b47fada26c56043f85929f0823622a9b61b409dbe4f100a1e8c658d55cfba83a46c80fbe"
        )
    }

    @Test func vtpmCommandsHaveTheirEnvelope() throws {
        let startup: [UInt8] = [0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x44, 0, 0]
        let bytes: [UInt8] = [8, 0, 0, 0, 0, 12, 0, 0, 0] + startup
        #expect(try VTPMCommand(startup).encoded() == bytes)
        #expect(try VTPMCommand(parsing: bytes).command == startup)
        #expect(try VTPMCommand(parsing: bytes + [UInt8](repeating: 0xAA, count: 100)).command == startup)
        for count in 0..<bytes.count {
            #expect(throws: SNPFormatError.self) { try VTPMCommand(parsing: Array(bytes[..<count])) }
        }
        let name = "vTPM command"
        for (offset, value, error) in [
            (0, 7, SNPFormatError(name, .value(field: "platform command", 7))),
            (4, 1, SNPFormatError(name, .value(field: "locality", 1))),
            (5, 9, SNPFormatError(name, .value(field: "size", 9))),
            (5, 11, SNPFormatError(name, .value(field: "commandSize", 12))),
            (8, 0xFF, SNPFormatError(name, .value(field: "size", 0xFF00_000C))),
            (6, 0x10, SNPFormatError(name, .value(field: "size", 0x100C))),
        ] as [(Int, UInt8, SNPFormatError)] {
            var changed = bytes
            changed[offset] = value
            #expect(throws: error) { try VTPMCommand(parsing: changed) }
        }
        #expect(throws: SNPFormatError(name, .value(field: "size", 4088))) {
            try VTPMCommand([UInt8](repeating: 0, count: 4088))
        }
    }

    @Test func vtpmResponsesHaveASize() throws {
        let success: [UInt8] = [0x80, 0x01, 0, 0, 0, 10, 0, 0, 0, 0]
        let bytes: [UInt8] = [10, 0, 0, 0] + success
        #expect(try VTPMResponse(success).encoded() == bytes)
        #expect(try VTPMResponse(parsing: bytes + [1, 2]).response == success)
        for count in 0..<bytes.count {
            #expect(throws: SNPFormatError.self) { try VTPMResponse(parsing: Array(bytes[..<count])) }
        }
        #expect(throws: SNPFormatError.self) { try VTPMResponse(parsing: [0xFF, 0xFF, 0xFF, 0xFF] + success) }
        #expect(throws: SNPFormatError("vTPM response", .value(field: "size", 4093))) {
            try VTPMResponse([UInt8](repeating: 0, count: 4093))
        }
    }
}
