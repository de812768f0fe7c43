import SNPABI
import TestSupport
import Testing

@testable import SNPEmulator

/// Calls by their numbers: RAX is the protocol above the call. Source: AMD 58019.
@Suite struct SVSMCallTests {
    private let scratch: Scratch
    private let svsm: SVSMModel

    init() throws {
        scratch = try Scratch()
        svsm = try EmulatedGuest().svsm(in: scratch.file("vtpm"))
    }

    private func call(
        _ protocolNumber: UInt32, _ number: UInt32, rcx: UInt64 = 0, _ memory: FlatMemory = FlatMemory()
    ) -> (result: UInt64, registers: SVSMRegisters, memory: FlatMemory) {
        var (registers, memory) = (SVSMRegisters(rcx: rcx), memory)
        let call = SVSMCall(protocolNumber: protocolNumber, number: number)
        let result = svsm.handle(call, &registers, memory: &memory)
        return (result.rawValue, registers, memory)
    }

    @Test(
        arguments: [
            (0, 1, 0x1_0000_0001), (1, 1, 0x1_0000_0001), (2, 1, 0x1_0000_0001), (0, 0, 0), (0, 2, 0), (3, 1, 0),
            (4, 1, 0),
            (0xFFFF_FFFF, 1, 0),
        ] as [(UInt64, UInt64, UInt64)])
    func saysWhichVersionsOfAProtocolItHas(number: UInt64, version: UInt64, answer: UInt64) {
        let (result, registers, _) = call(0, 6, rcx: number << 32 | version)
        #expect(result == 0 && registers.rcx == answer)
    }

    @Test func knowsWhichCallsItDoesNotHave() {
        for number: UInt32 in [0, 1, 2, 3, 4, 5, 8] { #expect(call(0, number).result == 0x8000_0002) }
        #expect(call(0, 7, rcx: 1).result == 0)
        #expect(call(0, 7, rcx: 2).result == 0x8000_0006)
        #expect(call(1, 2).result == 0x8000_0001)
        #expect(call(2, 2).result == 0x8000_0002)
        #expect(call(3, 0).result == 0x8000_0001)
    }

    @Test func offersItsTPM() {
        let (result, registers, _) = call(2, 0, rcx: 0x55)
        #expect(result == 0 && registers.rcx == 0x100 && registers.rdx == 0)
    }

    /// TPM2_GetRandom in its envelope, at the end of the memory and across a page's border.
    @Test(arguments: [0x1000, 0x6FFF, 0x7000] as [UInt64]) func runsATPMCommand(at address: UInt64) {
        var memory = FlatMemory()
        memory.put(Self.envelope(Self.getRandom), at: address)
        let (result, _, after) = call(2, 1, rcx: address, memory)
        #expect(result == 0)
        let answer = Array(after.bytes[Int(address)...].prefix(24))
        // 20 bytes: the header of 10, a size of 2, 8 random ones.
        #expect(Array(answer.prefix(16)) == [20, 0, 0, 0, 0x80, 0x01, 0, 0, 0, 20, 0, 0, 0, 0, 0, 8])
        #expect(Set(answer.suffix(8)).count > 1)
    }

    @Test func takesNoOtherEnvelope() {
        let good = Self.envelope(Self.getRandom)
        for (offset, value) in [(0, 9), (4, 1), (5, 13), (5, 11), (8, 1), (14, 13)] as [(Int, UInt8)] {
            var bytes = good
            bytes[offset] = value
            var memory = FlatMemory()
            memory.put(bytes, at: 0x1000)
            let (result, _, after) = call(2, 1, rcx: 0x1000, memory)
            #expect(result == 0x8000_0005, "byte \(offset)")
            #expect(after.bytes == memory.bytes)
        }
        for address: UInt64 in [0, 0x7001, .max] { #expect(call(2, 1, rcx: address).result == 0x8000_0005) }
    }

    @Test func failsWhenItsTPMHasEnded() {
        svsm.close()
        var memory = FlatMemory()
        memory.put(Self.envelope(Self.getRandom), at: 0x1000)
        #expect(call(2, 1, rcx: 0x1000, memory).result == 0x8000_0006)
    }

    /// The bytes of an operation's page, spoilt where the document demands a value.
    @Test func takesNoSpoiltAttestationOperation() {
        let operation = AttestationOperation(
            report: .init(address: 0x2000, byteCount: 4096), nonce: .init(address: 0x1000, byteCount: 64),
            manifest: .init(address: 0x3000, byteCount: 4096), certificates: .init(address: 0, byteCount: 0))
        // Reserved; unaligned report; nonce of 65 bytes; unaligned manifest.
        for (offset, value) in [(0x0C, 1), (0x00, 8), (0x18, 65), (0x20, 1), (0x3C, 1)] as [(Int, UInt8)] {
            var bytes = operation.encoded()
            bytes[offset] = value
            var memory = FlatMemory()
            memory.put(bytes, at: 0x1800)
            #expect(call(1, 0, rcx: 0x1800, memory).result == 0x8000_0005, "byte \(offset)")
        }
        #expect(call(1, 0, rcx: 0x7FE0).result == 0x8000_0005)
        var memory = FlatMemory()
        memory.put(operation.encoded(), at: 0x1800)
        #expect(call(1, 0, rcx: 0x1800, memory).result == 0)
    }

    private static let getRandom: [UInt8] = [0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7B, 0, 8]
    /// Command 8, locality 0, size, little-endian.
    private static func envelope(_ command: [UInt8]) -> [UInt8] {
        [8, 0, 0, 0, 0, UInt8(command.count), 0, 0, 0] + command
    }
}
