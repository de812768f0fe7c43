import BoundedBytes
import JSON
import SNPABI
import SecureProcessor
import TestSupport
import Testing

/// Headers, counters and tags of guest messages.
@Suite struct MessageTests {
    private func running() throws -> GuestFixture { try GuestFixture.running(try GuestFixture.processor()) }
    private let reportRequest = [UInt8](repeating: 0, count: 0x60)

    @Test func countersStartAtOneAndAreSeparate() throws {
        let guest = try running()
        for round in 1...3 {
            for level in [0, 2] {
                _ = try guest.exchange(5, reportRequest + [], level: level)
                #expect(guest.sequence[level] == UInt64(2 * round), "level \(level)")
            }
        }
        #expect(guest.sequence == [6, 0, 6, 0])
    }

    @Test func onlyTheNextNumberIsTaken() throws {
        let guest = try running()
        func send(_ number: UInt64) throws -> FirmwareStatus {
            let page = try guest.request(5, reportRequest, sequence: number)
            return status { _ = try guest.processor.guestRequest(guest.guest, page) }
        }
        for wrong: UInt64 in [0, 2, 3, .max] { #expect(try send(wrong) == .invalidParameter, "\(wrong)") }
        #expect(try send(1) == .success)
        // A replay of the same, and of the answer's number, and a gap.
        for wrong: UInt64 in [1, 2, 4, 5] { #expect(try send(wrong) == .invalidParameter, "\(wrong)") }
        #expect(try send(3) == .success)
    }

    @Test func aPageIsReplayedInVain() throws {
        let guest = try running()
        let page = try guest.request(5, reportRequest)
        #expect(status { _ = try guest.processor.guestRequest(guest.guest, page) } == .success)
        #expect(status { _ = try guest.processor.guestRequest(guest.guest, page) } == .invalidParameter)
        let other = try GuestFixture.running(guest.processor, asid: 2)
        #expect(status { _ = try other.processor.guestRequest(other.guest, page) } == .badMeasurement)
    }

    @Test func oneFlippedBitAnywhereIsRefused() throws {
        let guest = try running()
        let page = try guest.request(5, reportRequest, level: 1)
        for index in 0..<0x60 + 0x60 {
            for bit in 0..<8 {
                var changed = page
                changed[index] ^= 1 << UInt8(bit)
                let result = status { _ = try guest.processor.guestRequest(guest.guest, changed) }
                let expected: [FirmwareStatus] =
                    switch index {
                    case 0x00..<0x10, 0x60...: [.badMeasurement]
                    // Type, version, and size where it stays in the page: the tag says that they are changed.
                    case 0x34..<0x38: [.badMeasurement, .invalidParameter]
                    // Another key that exists, but whose counter is at the same place.
                    case 0x3C: [.badMeasurement, .invalidParameter]
                    default: [.invalidParameter]
                    }
                #expect(expected.contains(result), "bit \(bit) of byte \(index): \(result)")
            }
        }
        // None of them has moved the counter.
        #expect(status { _ = try guest.processor.guestRequest(guest.guest, page) } == .success)
    }

    @Test func headersThatAreAuthenticButWrongAreRefused() throws {
        let guest = try running()
        let cases: [(String, FirmwareStatus, (inout [UInt8]) -> Void)] = [
            ("algorithm 0", .invalidParameter, { $0[0x30] = 0 }), ("algorithm 2", .invalidParameter, { $0[0x30] = 2 }),
            ("header version", .invalidParameter, { $0[0x31] = 2 }),
            ("header size", .invalidParameter, { $0[0x32] = 0x61 }),
            ("reserved", .invalidParameter, { $0[0x38] = 1 }), ("reserved end", .invalidParameter, { $0[0x5F] = 1 }),
            ("type 0", .invalidParameter, { $0[0x34] = 0 }), ("type 19", .invalidParameter, { $0[0x34] = 19 }),
            ("an answer", .invalidParameter, { $0[0x34] = 6 }), ("version 0", .invalidParameter, { $0[0x35] = 0 }),
            ("version 2", .invalidParameter, { $0[0x35] = 2 }),
            ("EXPORT", .unsupported, { $0[0x34] = 7 }), ("IMPORT", .unsupported, { $0[0x34] = 9 }),
            ("ABSORB", .unsupported, { $0[0x34] = 11 }), ("VMRK", .unsupported, { $0[0x34] = 13 }),
            ("ABSORB_NOMA", .unsupported, { $0[0x34] = 15 }),
        ]
        for (name, expected, change) in cases {
            let page = try guest.request(5, reportRequest, header: change)
            #expect(status { _ = try guest.processor.guestRequest(guest.guest, page) } == expected, "\(name)")
        }
        let page = try guest.request(5, reportRequest)
        for count in [0, 0x60, 4095, 4097] {
            let cut = Array((page + [0]).prefix(count))
            #expect(status { _ = try guest.processor.guestRequest(guest.guest, cut) } == .invalidLength)
        }
        var long = page
        (long[0x36], long[0x37]) = (0xA1, 0x0F)
        #expect(status { _ = try guest.processor.guestRequest(guest.guest, long) } == .invalidParameter)
    }

    @Test func aSizeThatIsNotTheRequestsIsAnInvalidParameterToTheGuest() throws {
        let guest = try running()
        for count in [0, 1, 0x5F, 0x61, 4000] {
            let answer = try guest.exchange(5, [UInt8](repeating: 0, count: count))
            #expect(answer.count == 0x4C0)
            #expect(GuestFixture.number(answer, 0) == 0x16)
            #expect(answer[4...].allSatisfy { $0 == 0 })
            let key = try guest.exchange(3, [UInt8](repeating: 0, count: count == 0x20 ? 0 : count))
            #expect(key.count == 0x40 && GuestFixture.number(key, 0) == 0x16)
            #expect(key[4...].allSatisfy { $0 == 0 })
        }
    }

    @Test func tellsTheClock() throws {
        let processor = try GuestFixture.processor { $0.nominalTSC = 2_000_000 }
        let guest = try GuestFixture.running(processor)
        let fast = try GuestFixture.launching(processor, asid: 4, tsc: 3_000_000)
        try processor.launchFinish(fast.guest, LaunchFinish())
        let zeros = [UInt8](repeating: 0, count: 128)
        let answer = try guest.exchange(17, zeros)
        // Scale 1.0: bit 32.
        #expect(answer == [UInt8](repeating: 0, count: 12) + [1] + [UInt8](repeating: 0, count: 115))
        // And 1.5.
        let scaled = try fast.exchange(17, zeros)
        #expect(scaled == [UInt8](repeating: 0, count: 11) + [0x80, 1] + [UInt8](repeating: 0, count: 115))
        #expect(GuestFixture.number(try guest.exchange(17, Array(zeros.dropLast())), 0) == 0x16)
        #expect(GuestFixture.number(try guest.exchange(17, Array(zeros.dropLast()) + [1]), 0) == 0x16)
    }

    /// A table like QEMU's: one question with XCR0, two without.
    @Test func checksCPUIDTables() throws {
        let guest = try running()
        func entry(_ function: UInt8, xcr0: UInt8 = 0, eax: UInt8 = 1) -> [UInt8] {
            [function, 0, 0, 0, 0, 0, 0, 0, xcr0] + [UInt8](repeating: 0, count: 15) + [eax]
                + [UInt8](repeating: 0, count: 23)
        }
        let head: (UInt8) -> [UInt8] = { [$0] + [UInt8](repeating: 0, count: 15) }
        let table = entry(1) + entry(0xD, xcr0: 7) + entry(0xD, xcr0: 3)
        #expect(try guest.exchange(1, head(3) + table) == [0, 0, 0, 0, 3] + [UInt8](repeating: 0, count: 11) + table)
        let doubled = try guest.exchange(1, head(3) + entry(1) + entry(1, eax: 2) + entry(2, xcr0: 1))
        #expect(doubled == [0x16, 0, 0, 0, 2] + [UInt8](repeating: 0, count: 11) + entry(1) + entry(2))
        for wrong in [head(2) + table, head(4) + table, head(65) + table, head(3) + table + [0], []] {
            let answer = try guest.exchange(1, wrong)
            #expect(answer == [0x16] + [UInt8](repeating: 0, count: 15))
        }
    }
}
