import BoundedBytes
import JSON
import SNPABI
import Secrets
import SecureProcessor
import TestSupport
import Testing

/// Pages that an independent AES-GCM has made, in both directions, and the end of the sequence numbers.
@Suite struct KnownMessageTests {
    private struct Vector {
        let name: String
        let key: [UInt8]
        let sequence: UInt64
        let plain: [UInt8]
        /// The page up to the end of the payload.
        let message: [UInt8]

        var page: [UInt8] { message + [UInt8](repeating: 0, count: 4096 - message.count) }

        init(_ json: JSONValue) throws {
            func bytes(_ name: String) throws -> [UInt8] {
                let text = try #require(json[name]?.string)
                return try #require(Hexadecimal.decode(text))
            }
            name = try #require(json["what"]?.string)
            key = try bytes("vmpck_hex")
            sequence = UInt64(try #require(json["seqno"]?.integer))
            plain = try bytes("plaintext_hex")
            message = try bytes("message_hex")
        }
    }

    private func vectors() throws -> [Vector] {
        let json = try JSONValue(parsing: try SharedData.bytes("generated/snp_guest_messages.json"))
        return try #require(json.array).map { try Vector($0) }
    }

    @Test(.enabled(if: SharedData.isPresent)) func readsRequestsOfAnotherImplementation() throws {
        let requests = try vectors().filter { $0.sequence % 2 == 1 }
        #expect(requests.count == 5)
        for vector in requests {
            let key = MessageKey(EmulatedKeys.secret(vector.key), counter: vector.sequence - 1)
            let header = try MessageKey.header(of: vector.page)
            #expect(try key.open(vector.page, header) == vector.plain, "\(vector.name)")
            for counter in [vector.sequence, vector.sequence + 1] {
                let other = MessageKey(EmulatedKeys.secret(vector.key), counter: counter)
                #expect(status { _ = try other.open(vector.page, header) } == .invalidParameter, "\(vector.name)")
            }
            let foreign = MessageKey(EmulatedKeys.secret([1] + vector.key[1...]), counter: vector.sequence - 1)
            #expect(status { _ = try foreign.open(vector.page, header) } == .badMeasurement)
        }
    }

    @Test(.enabled(if: SharedData.isPresent)) func writesTheResponseOfAnotherImplementation() throws {
        let all = try vectors()
        let response = try #require(all.first { $0.sequence == 2 })
        let request = try #require(all.first { $0.sequence == 1 })
        #expect(request.key == response.key)
        let key = MessageKey(EmulatedKeys.secret(request.key))
        let header = try MessageKey.header(of: request.page)
        _ = try key.open(request.page, header)
        #expect(try key.answer(response.plain, .reportResponse, to: header) == response.page)
        // Both numbers are used up.
        #expect(status { _ = try key.open(request.page, header) } == .invalidParameter)
    }

    @Test func noNumberIsUsedTwice() throws {
        let header = GuestMessageHeader(
            sequenceNumber: .max, type: .reportRequest, messageVersion: 1, payloadSize: 0, vmpck: 0)
        let page = header.encoded() + [UInt8](repeating: 0, count: 4000)
        let key = [UInt8](repeating: 1, count: 32)
        for counter: UInt64 in [UInt64.max, UInt64.max - 1] {
            let last = MessageKey(EmulatedKeys.secret(key), counter: counter)
            #expect(status { _ = try last.open(page, header) } == .aeadOverflow)
        }
        let first = MessageKey(EmulatedKeys.secret(key), counter: .max - 2)
        #expect(status { _ = try first.open(page, header) } == .invalidParameter)
    }
}
