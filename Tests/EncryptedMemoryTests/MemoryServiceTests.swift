import EncryptedMemory
import Testing

@Suite struct MemoryServiceTests {
    private func ask<Memory: ObservedMemory>(
        _ service: MemoryService<Memory>, _ request: MemoryRequest
    ) throws -> MemoryResponse {
        try MemoryResponse(parsing: service.answer(request.encoded), to: request.operation)
    }

    /// A guest with the secret in a private page, across a page border, and in a page that it shares.
    private func machine(_ protection: MemoryProtection) throws -> (Machine, MemoryService<GuestObservation>) {
        let machine = try Machine(protection)
        for page in [0x3000, 0x4000, 0x5000] as [UInt64] { try machine.makePrivate(GuestAddress(page)) }
        try machine.guest.write(GuestAddress(0x3100), Machine.secret)
        try machine.guest.write(GuestAddress(0x4FF0), Machine.secret)
        machine.guest.setEncryption(.shared, GuestAddress(0x9000))
        try machine.guest.write(GuestAddress(0x9008), Machine.secret, .shared)
        // Without a reverse map the guest's other pages are private by its C-bits, too.
        if protection == .sevSNP {
            for page in 0..<1024 as Range<UInt64> where !(3...5).contains(page) {
                machine.guest.setEncryption(.shared, GuestAddress(page << 12))
            }
        }
        return (machine, MemoryService(GuestObservation(machine.guest)))
    }

    private let all = [GuestAddress(0x3100), GuestAddress(0x4FF0), GuestAddress(0x9008)]

    @Test(arguments: MemoryProtection.allCases)
    func aScanFindsForEachWhatItCanSee(_ protection: MemoryProtection) throws {
        let (_, service) = try machine(protection)
        for (observer, expected) in [
            (Observer.guest, all), (.host, protection == .none ? all : [GuestAddress(0x9008)]),
        ] {
            let request = MemoryRequest(.scan, as: observer, GuestAddress(0), payload: Machine.secret)
            guard case .scan(let result) = try ask(service, request) else { throw Machine.Failure() }
            #expect(result.hits == expected)
            #expect(result.scannedBytes == 4 << 20 && result.unreadableBytes == 0 && result.next == nil)
        }
    }

    /// Whatever the part of the memory that one answer looks at, all parts give the same.
    @Test(arguments: [1, 0x1100, 1 << 20] as [UInt64])
    func aScanGoesOnWhereItStopped(_ limit: UInt64) throws {
        let (machine, _) = try machine(.sevSNP)
        let service = MemoryService(GuestObservation(machine.guest), scanLimit: limit)
        var (hits, next, scanned) = ([GuestAddress](), GuestAddress(0) as GuestAddress?, 0 as UInt64)
        while let start = next {
            let request = MemoryRequest(.scan, as: .guest, start, payload: Machine.secret)
            guard case .scan(let result) = try ask(service, request) else { throw Machine.Failure() }
            try #require(result.next.map { $0 > start } ?? true)
            hits += result.hits
            next = result.next
            scanned += result.scannedBytes
        }
        #expect(hits == all && scanned == 4 << 20)
    }

    @Test func aScanKeepsToItsRangeAndItsRoom() throws {
        let (machine, service) = try machine(.none)
        func scan(_ pattern: [UInt8], _ start: UInt64, _ count: UInt64) throws -> ScanResult {
            let request = MemoryRequest(.scan, as: .guest, GuestAddress(start), byteCount: count, payload: pattern)
            guard case .scan(let result) = try ask(service, request) else { throw Machine.Failure() }
            return result
        }
        let length = UInt64(Machine.secret.count)
        #expect(try scan(Machine.secret, 0x3100, length).hits == [GuestAddress(0x3100)])
        #expect(try scan(Machine.secret, 0x3100, length - 1).hits == [])
        #expect(try scan(Machine.secret, 0x3101, 0x1000).hits == [])
        #expect(try scan(Machine.secret, .max, .max).hits == [])
        // Zeros are everywhere: overlapping hits, up to what an answer holds.
        let full = try scan([0, 0, 0], 0x100000, 0)
        #expect(full.hits == (0..<4096).map { GuestAddress(0x100000 + UInt64($0)) })
        #expect(full.next == GuestAddress(0x100000 + 4096))
        machine.guest.pages.unmap(GuestAddress(0x5000))
        // The hit that goes on in a page that is gone is none.
        #expect(try scan(Machine.secret, 0, 0).hits == [GuestAddress(0x3100), GuestAddress(0x9008)])
    }

    /// A page that the host has taken back cannot be read by the guest; the scan says how much it missed.
    @Test func aScanTellsWhatItCouldNotRead() throws {
        let (machine, service) = try machine(.sevSNP)
        let taken = try machine.system(GuestAddress(0x4000))
        #expect(machine.memory.reverseMap.update(taken, .hypervisor()) == .success)
        let request = MemoryRequest(.scan, as: .guest, GuestAddress(0), payload: Machine.secret)
        guard case .scan(let result) = try ask(service, request) else { throw Machine.Failure() }
        #expect(result.hits == [GuestAddress(0x3100), GuestAddress(0x9008)])
        #expect(result.unreadableBytes == 4096 && result.scannedBytes == (4 << 20) - 4096)
    }

    @Test func readsAndWritesAsEither() throws {
        let (machine, service) = try machine(.sev)
        let request = MemoryRequest(.read, as: .guest, GuestAddress(0x4FF0), byteCount: UInt64(Machine.secret.count))
        #expect(try ask(service, request) == .bytes(Machine.secret))
        let write = MemoryRequest(.write, as: .guest, GuestAddress(0x4FFF), byteCount: 2, payload: [1, 2])
        #expect(try ask(service, write) == .written)
        #expect(try machine.guest.read(GuestAddress(0x4FFF), count: 2) == [1, 2])
        let spoil = MemoryRequest(.write, as: .host, GuestAddress(0x4FFF), byteCount: 2, payload: [1, 2])
        #expect(try ask(service, spoil) == .written)
        #expect(try machine.guest.read(GuestAddress(0x4FFF), count: 2) != [1, 2])
        let hosts = MemoryRequest(.read, as: .host, GuestAddress(0x4FFF), byteCount: 2)
        #expect(try ask(service, hosts) == .bytes([1, 2]))
    }

    @Test func faultsAreTold() throws {
        let (_, service) = try machine(.sevSNP)
        let write = MemoryRequest(.write, as: .host, GuestAddress(0x3000), byteCount: 1, payload: [1])
        guard case .refused(let refusal) = try ask(service, write) else { throw Machine.Failure() }
        #expect(refusal.kind == .fault && refusal.description.contains("#PF (RMP)"))
        for observer in Observer.allCases {
            let read = MemoryRequest(.read, as: observer, GuestAddress(1 << 29), byteCount: 1)
            guard case .refused(let refusal) = try ask(service, read) else { throw Machine.Failure() }
            #expect(refusal.kind == (observer == .host ? .noMemory : .fault))
        }
    }

    @Test func theMapShowsStates() throws {
        let (machine, service) = try machine(.sevSNP)
        #expect(try machine.guest.adjust(GuestAddress(0x5000), target: 1, permissions: [], isVMSA: true) == .success)
        let update = RMPUpdate(guestAddress: GuestAddress(0x7000), asid: ASID(1), isImmutable: true)
        #expect(machine.memory.reverseMap.update(try machine.system(GuestAddress(0x7000)), update) == .success)
        machine.guest.pages.unmap(GuestAddress(0x8000))
        guard case .map(let extents, let next) = try ask(service, MemoryRequest(.map, as: .host, GuestAddress(0)))
        else {
            throw Machine.Failure()
        }
        let lines = extents.map {
            "\(String($0.start.rawValue, radix: 16)) \(String($0.byteCount, radix: 16)) \($0.state.text)"
        }
        #expect(
            lines == [
                "0 3000 shared", "3000 2000 private validated", "5000 1000 private validated VMSA", "6000 1000 shared",
                "7000 1000 private immutable", "9000 3f7000 shared",
            ])
        #expect(next == nil)
    }

    @Test func aLongMapComesInParts() throws {
        let memory = try SystemMemory(protection: .sev, byteCount: 64 << 20)
        let guest = try memory.createGuest(asid: ASID(1), byteCount: 64 << 20)
        for page in 0..<5000 as Range<UInt64> {
            guest.pages.map(GuestAddress(page << 13), to: SystemAddress(page << 12))
        }
        let service = MemoryService(GuestObservation(guest))
        guard case .map(let first, let next?) = try ask(service, MemoryRequest(.map, as: .host, GuestAddress(0))),
            case .map(let second, nil) = try ask(service, MemoryRequest(.map, as: .host, next))
        else { throw Machine.Failure() }
        #expect((first + second).map(\.start) == (0..<5000).map { GuestAddress($0 << 13) })
    }

    @Test(
        arguments: [
            [], [1], [UInt8](repeating: 0, count: 20), [2, 1, 0, 0] + [UInt8](repeating: 0, count: 16),
            [1, 0, 0, 0] + [UInt8](repeating: 0, count: 16), [1, 6, 0, 0] + [UInt8](repeating: 0, count: 16),
            [1, 1, 2, 0] + [UInt8](repeating: 1, count: 16), [1, 1, 0, 1] + [UInt8](repeating: 1, count: 16),
            // A read of nothing, of too much, with a payload; a write of nothing or another length; a scan for nothing.
            [1, 1, 0, 0] + [UInt8](repeating: 0, count: 16), [1, 1, 0, 0] + [UInt8](repeating: 0xFF, count: 16),
            [1, 1, 0, 0] + [UInt8](repeating: 0, count: 8) + [1, 0, 0, 0, 0, 0, 0, 0, 9],
            [1, 2, 0, 0] + [UInt8](repeating: 0, count: 16),
            [1, 2, 0, 0] + [UInt8](repeating: 0, count: 8) + [2, 0, 0, 0, 0, 0, 0, 0, 9],
            [1, 3, 0, 0] + [UInt8](repeating: 0, count: 16), [1, 3, 0, 0] + [UInt8](repeating: 0, count: 16 + 4097),
            [1, 4, 0, 0] + [UInt8](repeating: 0, count: 17),
            // The guest's, and one with a payload.
            [1, 5, 1, 0] + [UInt8](repeating: 0, count: 16), [1, 5, 0, 0] + [UInt8](repeating: 0, count: 17),
            [1, 2, 0, 0] + [UInt8](repeating: 0, count: 17 + (1 << 20)),
        ] as [[UInt8]])
    func refusesNonsense(_ bytes: [UInt8]) throws {
        let (_, service) = try machine(.sevSNP)
        let answer = service.answer(bytes)
        #expect(answer.first == MemoryRefusal.Kind.malformed.rawValue)
    }

    /// Random requests, well formed or nearly: each gets an answer of bounded size.
    @Test func answersWhateverComes() throws {
        let (_, service) = try machine(.sevSNP)
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<300 {
            let edges: [UInt64] = [0, 0x3000, 0x4FFF, (4 << 20) - 1, 4 << 20, 1 << 30, 1 << 51, .max]
            let operation = MemoryRequest.Operation(rawValue: UInt8(1 + generator.below(5))) ?? .map
            let request = MemoryRequest(
                operation, as: generator.below(2) == 0 ? .host : .guest, GuestAddress(edges[generator.below(8)]),
                byteCount: generator.below(2) == 0 ? edges[generator.below(8)] : UInt64(generator.below(8192)),
                payload: [UInt8](repeating: UInt8(generator.below(3)), count: generator.below(6)))
            var bytes = request.encoded
            if generator.below(4) == 0 { bytes[generator.below(bytes.count)] = UInt8(generator.below(256)) }
            let answer = service.answer(bytes)
            #expect((1...MemoryResponse.largest).contains(answer.count))
        }
    }

    @Test func refusesAnswersThatAreCut() throws {
        let (_, service) = try machine(.sevSNP)
        for request in [
            MemoryRequest(.map, as: .host, GuestAddress(0)),
            MemoryRequest(.scan, as: .guest, GuestAddress(0), payload: Machine.secret),
        ] {
            let whole = service.answer(request.encoded)
            for length in 0..<whole.count where length < 25 || (length - 1) % 8 != 0 {
                // Without its last items a list is a list still.
                if length > 8, request.operation == .map, (length - 9) % 24 == 0 { continue }
                #expect(throws: MemoryRefusal.self) {
                    try MemoryResponse(parsing: Array(whole[..<length]), to: request.operation)
                }
            }
        }
        #expect(throws: MemoryRefusal.self) { try MemoryResponse(parsing: [9, 0x61], to: .read) }
        #expect(throws: MemoryRefusal.self) { try MemoryResponse(parsing: [0, 0], to: .write) }
    }
}
