import BoundedBytes
import Cryptography
import SNPABI
import Secrets
import SecureProcessor
import TestSupport
import Testing

/// A processor, a guest on it, and the guest's side of the message protocol, spelled out over AES-GCM and byte offsets.
final class GuestFixture {
    let processor: SecureProcessor
    let guest: GuestHandle
    /// What an independent reader finds at 0x20, 0x40, 0x60 and 0x80 of the secrets page.
    private(set) var keys: [[UInt8]] = []
    var sequence: [UInt64] = [0, 0, 0, 0]

    static let policy = GuestPolicy(rawValue: 0x30000)
    static let secretsAddress: UInt64 = 0x80D000

    /// A guest in state INIT.
    init(_ processor: SecureProcessor) throws {
        self.processor = processor
        guest = try processor.createContext()
    }

    static func processor(
        _ generation: ProcessorGeneration = .milan, chip: UInt8 = 1, _ change: (inout PlatformState) -> Void = { _ in }
    ) throws -> SecureProcessor {
        var platform = PlatformState(generation)
        change(&platform)
        return SecureProcessor(chip: try EmulatedKeys.chip(generation, chip), platform: platform)
    }

    /// A guest that is in launch and has its secrets page.
    static func launching(
        _ processor: SecureProcessor, policy: GuestPolicy = policy, asid: UInt32 = 1, page: UInt8 = 0,
        tsc: UInt32 = 0
    ) throws -> GuestFixture {
        let fixture = try GuestFixture(processor)
        try processor.launchStart(fixture.guest, LaunchStart(policy: policy, desiredTSC: tsc))
        try processor.activate(fixture.guest, asid: asid)
        let contents = [UInt8](repeating: page, count: 4096)
        try processor.launchUpdate(fixture.guest, try LaunchPages(.normal, at: 0xFFFF_F000, contents))
        let secrets = try processor.launchUpdate(
            fixture.guest, try LaunchPages(.secrets, at: secretsAddress, pageCount: 1))
        fixture.keys = (0..<4).map { Array(secrets[0x20 + 32 * $0..<0x40 + 32 * $0]) }
        return fixture
    }

    /// A guest that runs.
    static func running(
        _ processor: SecureProcessor, policy: GuestPolicy = policy, asid: UInt32 = 1, page: UInt8 = 0,
        _ finish: LaunchFinish = LaunchFinish()
    ) throws -> GuestFixture {
        let fixture = try launching(processor, policy: policy, asid: asid, page: page)
        try processor.launchFinish(fixture.guest, finish)
        return fixture
    }

    /// A request page for the next sequence number of that key. `header` may spoil the header before it is authenticated.
    func request(
        _ type: UInt8, version: UInt8 = 1, _ payload: [UInt8], level: Int = 0, sequence: UInt64? = nil,
        header change: (inout [UInt8]) -> Void = { _ in }
    ) throws -> [UInt8] {
        var page = [UInt8](repeating: 0, count: 4096)
        let number = sequence ?? self.sequence[level] + 1
        for index in 0..<8 { page[0x20 + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) }
        page[0x30] = 1
        page[0x31] = 1
        page[0x32] = 0x60
        page[0x34] = type
        page[0x35] = version
        page[0x36] = UInt8(truncatingIfNeeded: payload.count)
        page[0x37] = UInt8(truncatingIfNeeded: payload.count >> 8)
        page[0x3C] = UInt8(level)
        change(&page)
        let sealed = try AuthenticatedCipher.seal(
            payload, associated: Array(page[0x30..<0x60]), vector: Array(page[0x20..<0x28]) + [0, 0, 0, 0],
            key: EmulatedKeys.secret(keys[level]))
        page.replaceSubrange(0..<16, with: sealed.tag)
        page.replaceSubrange(0x60..<0x60 + payload.count, with: sealed.encrypted)
        return page
    }

    /// Sends a request and opens the answer, which must be the next one, of the next type and the same version.
    func exchange(_ type: UInt8, version: UInt8 = 1, _ payload: [UInt8], level: Int = 0) throws -> [UInt8] {
        let answer = try processor.guestRequest(guest, try request(type, version: version, payload, level: level))
        let number = sequence[level] + 2
        try #require(answer.count == 4096)
        #expect(Array(answer[0x20..<0x28]) == (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) })
        #expect(Array(answer[0x30..<0x36]) == [1, 1, 0x60, 0, type + 1, version])
        let size = Int(answer[0x36]) | Int(answer[0x37]) << 8
        #expect(answer[0x3C] == UInt8(level))
        #expect(answer[(0x60 + size)...].allSatisfy { $0 == 0 })
        let opened = try AuthenticatedCipher.open(
            Array(answer[0x60..<0x60 + size]), tag: Array(answer[..<16]), associated: Array(answer[0x30..<0x60]),
            vector: Array(answer[0x20..<0x28]) + [0, 0, 0, 0], key: EmulatedKeys.secret(keys[level]))
        sequence[level] = number
        return try #require(opened)
    }

    /// The STATUS of a report request and, where it is success, the 1184 bytes.
    func report(
        _ data: [UInt8] = [UInt8](0..<64), vmpl: UInt32 = 0, keySelection: UInt32 = 0, level: Int = 0
    ) throws -> (status: UInt32, bytes: [UInt8]) {
        let numbers = [vmpl, keySelection].flatMap { number in (0..<4).map { UInt8(number >> (8 * $0) & 0xFF) } }
        let answer = try exchange(5, data + numbers + [UInt8](repeating: 0, count: 24), level: level)
        #expect(answer.count == 0x4C0)
        return (Self.number(answer, 0), Array(answer[0x20...]))
    }

    static func number(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }
}

/// The status with which a command fails; success where it does not.
func status(_ body: () throws -> Void) -> FirmwareStatus {
    do {
        try body()
        return .success
    } catch let error as FirmwareStatus {
        return error
    } catch {
        Issue.record("\(error)")
        return FirmwareStatus(rawValue: 0xFFFF_FFFF)
    }
}
