import EncryptedMemory
import InitramfsRuntime
import TestSupport
import Testing

/// The memory file of a VM: 16 pages at 0, and 16 more at 4 GiB, of which the first is shared.
@Suite struct RAMFileTests {
    private let high = GuestAddress(4 << 30)
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.write([UInt8](repeating: 0, count: 32 << 12), to: "ram")
    }

    private func ram(_ protection: MemoryProtection) throws -> RAMFile {
        try RAMFile(
            FileDescriptor.open(updatingAt: scratch.file("ram")), protection: protection,
            regions: [
                RAMFile.Region(address: high, offset: 16 << 12, byteCount: 16 << 12),
                RAMFile.Region(address: GuestAddress(0), offset: 0, byteCount: 16 << 12),
            ], shared: [high..<high.advanced(by: 4096)])
    }

    private func read(_ ram: RAMFile, _ address: GuestAddress, _ count: Int, _ observer: Observer) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        try ram.read(address, into: &span, as: observer)
        return bytes
    }

    @Test(arguments: MemoryProtection.allCases)
    func theHostSeesCiphertextOfWhatTheFileHas(_ protection: MemoryProtection) throws {
        let ram = try ram(protection)
        let places = [GuestAddress(0x1FF0), high.advanced(by: 0x3000), high]
        for place in places { try ram.write(place, Machine.secret, as: .guest) }
        let file = try scratch.bytes("ram")
        #expect(Array(file[0x1FF0..<0x1FF0 + Machine.secret.count]) == Machine.secret)
        #expect(Array(file[0x13000..<0x13000 + Machine.secret.count]) == Machine.secret)
        let service = MemoryService(ram)
        for (observer, expected) in [
            (Observer.guest, places), (.host, protection == .none ? places : [high]),
        ] {
            let request = MemoryRequest(.scan, as: observer, GuestAddress(0), payload: Machine.secret)
            guard case .scan(let result) = try MemoryResponse(parsing: service.answer(request.encoded), to: .scan)
            else {
                throw Machine.Failure()
            }
            #expect(Set(result.hits) == Set(expected))
        }
        // Pages of zeros look different, each of them.
        guard protection != .none else { return }
        let pages = try (4..<8).map { try read(ram, GuestAddress($0 << 12), 4096, .host) }
        #expect(Set(pages).count == 4)
        #expect(try read(ram, GuestAddress(4 << 12), 4096, .host) == pages[0])
    }

    @Test(arguments: [MemoryProtection.sev, .sevES])
    func theHostsWriteGarblesABlockOfTheFile(_ protection: MemoryProtection) throws {
        let ram = try ram(protection)
        try ram.write(GuestAddress(0x2000), Machine.page, as: .guest)
        let old = try read(ram, GuestAddress(0x2000), 4096, .host)
        try ram.write(GuestAddress(0x2064), [old[0x64] ^ 1], as: .host)
        let seen = try read(ram, GuestAddress(0x2000), 4096, .guest)
        let changed = (0..<4096).filter { seen[$0] != Machine.page[$0] }
        #expect(changed.count > 1 && changed.allSatisfy { (96..<112).contains($0) })
        try ram.write(GuestAddress(0x2000), old, as: .host)
        #expect(try read(ram, GuestAddress(0x2000), 4096, .guest) == Machine.page)
    }

    @Test func theHostsWriteFaultsUnderSNP() throws {
        let ram = try ram(.sevSNP)
        #expect(throws: ObservationError.host(.reverseMap(SystemAddress(0x13000)))) {
            try ram.write(high.advanced(by: 0x3008), [1], as: .host)
        }
        try ram.write(high, [1], as: .host)
        #expect(try read(ram, high, 1, .guest) == [1])
        for observer in Observer.allCases {
            #expect(throws: ObservationError.noMemory(GuestAddress(16 << 12))) {
                try read(ram, GuestAddress((16 << 12) - 1), 2, observer)
            }
        }
    }

    @Test func theMapHasTheRegionsAndTheSharedPart() throws {
        let ram = try ram(.sevSNP)
        var (lines, start) = ([String](), GuestAddress(0))
        while let extent = ram.extent(from: start) {
            lines.append("\(String(extent.start.rawValue, radix: 16)) \(extent.byteCount >> 12) \(extent.state.text)")
            start = GuestAddress(extent.end)
        }
        #expect(lines == ["0 16 private validated", "100000000 1 shared", "100001000 15 private validated"])
        #expect(ram.extent(from: GuestAddress(.max)) == nil)
    }

    @Test(
        arguments: [
            [(0, 0, 4097)], [(1, 0, 4096)], [(0, 8, 4096)], [(0, 0, 33 << 12)], [(0, 32 << 12, 4096)], [(0, 0, 0)],
            [(0, 0, 8192), (4096, 8192, 4096)], [(1 << 51, 0, 4096)], [(0, .max & ~4095, 4096)],
            [(0, 0, .max & ~4095)],
        ] as [[(UInt64, UInt64, UInt64)]])
    func refusesUnsoundRegions(_ regions: [(UInt64, UInt64, UInt64)]) throws {
        let regions = regions.map { RAMFile.Region(address: GuestAddress($0.0), offset: $0.1, byteCount: $0.2) }
        #expect(throws: MemoryModelError.self) {
            try RAMFile(
                FileDescriptor.open(updatingAt: scratch.file("ram")), protection: .sevSNP, regions: regions)
        }
    }
}
