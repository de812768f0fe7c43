import BoundedBytes
import Foundation
import SNPABI
import TestSupport
import Testing

/// Messages that an independent implementation made, and answers of real machines.
@Suite(.enabled(if: SharedData.isPresent)) struct GuestMessageTests {
    private struct Sample: Decodable {
        let vmpck_id: UInt8
        let seqno: UInt64
        let msg_type: UInt8
        let msg_version: UInt8
        let plaintext_hex: String
        let iv_hex: String?
        let aad_hex: String?
        let message_hex: String
    }

    private static func samples() throws -> [Sample] {
        let data = Data(try SharedData.bytes("generated/snp_guest_messages.json"))
        return try JSONDecoder().decode([Sample].self, from: data)
    }

    @Test func headersAreReadAndWritten() throws {
        for sample in try Self.samples() {
            let message = try #require(Hexadecimal.decode(sample.message_hex))
            let header = try GuestMessageHeader(parsing: message)
            #expect(header.sequenceNumber == sample.seqno)
            #expect(header.type == sample.msg_type)
            #expect(header.messageVersion == sample.msg_version)
            #expect(header.vmpck == sample.vmpck_id)
            #expect(Int(header.payloadSize) == sample.plaintext_hex.utf8.count / 2)
            if let expected = sample.aad_hex { #expect(Hexadecimal.encode(header.additionalData) == expected) }
            if let expected = sample.iv_hex { #expect(Hexadecimal.encode(header.initializationVector) == expected) }
            #expect(header.encoded() == Array(message[..<GuestMessageHeader.byteCount]))
            for count in 0..<GuestMessageHeader.byteCount {
                #expect(throws: SNPFormatError.self) { try GuestMessageHeader(parsing: Array(message[..<count])) }
            }
        }
    }

    @Test func requestsAreReadAndWritten() throws {
        for sample in try Self.samples() {
            let payload = try #require(Hexadecimal.decode(sample.plaintext_hex))
            switch GuestMessageType(rawValue: sample.msg_type) {
            case .reportRequest:
                let request = try ReportRequest(parsing: payload)
                #expect(request.encoded() == payload)
                #expect(request.reportData.count == 64)
            case .keyRequest:
                let request = try KeyRequest(parsing: payload, version: sample.msg_version)
                #expect(request.encoded() == payload)
                #expect(request.messageVersion == sample.msg_version)
                #expect(request.has(.measurement) && request.has(.policy) && !request.has(.guestSVN))
                #expect(request.isFromVMRK && request.guestSVN == 3)
                for count in 0..<payload.count {
                    #expect(throws: SNPFormatError.self) {
                        try KeyRequest(parsing: Array(payload[..<count]), version: sample.msg_version)
                    }
                }
            case .reportResponse:
                #expect(try ReportResponse(parsing: payload).encoded() == payload)
            default: continue
            }
        }
    }

    @Test func refusesSelectionsThatDoNotExist() throws {
        var key = [UInt8](repeating: 0, count: 32)
        key[0] = 0x06
        #expect(throws: SNPFormatError("MSG_KEY_REQ", .value(field: "ROOT_KEY_SELECT", 6))) {
            try KeyRequest(parsing: key, version: 1)
        }
        key[0] = 0
        key[8] = 0x40
        #expect(throws: SNPFormatError("MSG_KEY_REQ", .value(field: "GUEST_FIELD_SELECT", 0x40))) {
            try KeyRequest(parsing: key, version: 1)
        }
        #expect(throws: SNPFormatError("MSG_KEY_REQ", .version(3))) { try KeyRequest(parsing: key, version: 3) }
        var report = [UInt8](repeating: 0, count: 96)
        report[0x44] = 3
        #expect(throws: SNPFormatError("MSG_REPORT_REQ", .value(field: "KEY_SEL", 3))) {
            try ReportRequest(parsing: report)
        }
    }

    @Test func answersOfRealMachinesAreRead() throws {
        let bytes = try SharedData.bytes("snp/messages/report_rsp_4000.bin")
        let answer = try ReportResponse(parsing: bytes)
        #expect(answer.status == .success)
        #expect(try AttestationReport(parsing: answer.report).version == 2)
        #expect(answer.encoded() == Array(bytes[..<ReportResponse.byteCount]))
        for count in 0..<ReportResponse.byteCount {
            #expect(throws: SNPFormatError.self) { try ReportResponse(parsing: Array(bytes[..<count])) }
        }
        let key = try SharedData.bytes("snp/messages/derived_key_rsp_64.bin")
        #expect(try KeyResponse.status(in: Array(key[..<0x20])) == .success)
        #expect(
            Hexadecimal.encode(key[KeyResponse.keyRange])
                == "c479fbdb80a40801a4bc42ab9865950f469e9ed1b0e81be482b857dbc57d1d3d")
        #expect(KeyResponse.head(.success) == Array(key[..<0x20]))
    }

    @Test func aFailedAnswerHasNoReport() throws {
        let failed = ReportResponse(status: .invalidKey, report: [])
        #expect(failed.encoded().count == ReportResponse.byteCount)
        #expect(try ReportResponse(parsing: failed.encoded()) == failed)
        #expect(FirmwareStatus.invalidKey.description == "INVALID_KEY (0x27)")
        #expect(FirmwareStatus(rawValue: 0x1E).description == "0x1e")
    }
}
