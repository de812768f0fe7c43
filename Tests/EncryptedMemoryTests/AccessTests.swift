import EncryptedMemory
import Testing

/// What each party sees and may do, by mode.
@Suite struct AccessTests {
    private let address = GuestAddress(0x3000)

    @Test(arguments: MemoryProtection.allCases)
    func theHostReadsCiphertextOfPrivatePagesOnly(_ protection: MemoryProtection) throws {
        let machine = try Machine(protection)
        try machine.makePrivate(address)
        try machine.guest.write(address, Machine.secret)
        try machine.guest.write(GuestAddress(0x8000), Machine.secret, .shared)
        let hidden = try machine.memory.hostRead(machine.system(address), count: Machine.secret.count)
        #expect((hidden == Machine.secret) == (protection == .none))
        let open = try machine.memory.hostRead(machine.system(GuestAddress(0x8000)), count: Machine.secret.count)
        #expect(open == Machine.secret)
        #expect(try machine.guest.read(address, count: Machine.secret.count) == Machine.secret)
    }

    @Test(arguments: MemoryProtection.allCases.filter(\.isEncrypting))
    func theSameBytesDifferAtTwoAddressesAndInTwoGuests(_ protection: MemoryProtection) throws {
        let machine = try Machine(protection)
        let places = [(machine.guest, address), (machine.guest, GuestAddress(0x4000)), (machine.other, address)]
        for (guest, address) in places {
            try machine.makePrivate(address, of: guest)
            try guest.write(address, [UInt8](repeating: 7, count: 4096))
        }
        var seen = Set<[UInt8]>()
        for (guest, address) in places {
            let page = try machine.memory.hostRead(machine.system(address, of: guest), count: 4096)
            for offset in stride(from: 0, to: 4096, by: 16) { seen.insert(Array(page[offset..<offset + 16])) }
        }
        #expect(seen.count == 3 * 256)
    }

    @Test(arguments: [MemoryProtection.none, .sev, .sevES])
    func theHostsWriteGarblesOneBlockWithoutAReverseMap(_ protection: MemoryProtection) throws {
        let machine = try Machine(protection)
        try machine.guest.write(address, Machine.page)
        try machine.memory.hostWrite(machine.system(address).advanced(by: 100), [0])
        let seen = try machine.guest.read(address, count: 4096)
        let changed = (0..<4096).filter { seen[$0] != Machine.page[$0] }
        #expect(!changed.isEmpty && changed.allSatisfy { (96..<112).contains($0) })
        #expect((changed == [100]) == (protection == .none))
    }

    @Test(arguments: [MemoryProtection.none, .sev, .sevES])
    func oldCiphertextComesBackWithoutAReverseMap(_ protection: MemoryProtection) throws {
        let machine = try Machine(protection)
        try machine.guest.write(address, Machine.page)
        let old = try machine.memory.hostRead(machine.system(address), count: 4096)
        try machine.guest.write(address, Machine.secret)
        try machine.memory.hostWrite(machine.system(address), old)
        #expect(try machine.guest.read(address, count: 4096) == Machine.page)
    }

    @Test func theHostsWritesFaultUnderSNP() throws {
        let machine = try Machine(.sevSNP)
        try machine.makePrivate(address)
        try machine.guest.write(address, Machine.page)
        let system = try machine.system(address)
        for (start, count) in [
            (system, 4096), (system.advanced(by: 4095), 1), (SystemAddress(system.rawValue - 4096), 8192),
        ] {
            #expect(throws: HostFault.reverseMap(system)) {
                try machine.memory.hostWrite(start, [UInt8](repeating: 0, count: count))
            }
        }
        // What faults has written nothing, in the pages before it either.
        #expect(try machine.guest.read(address, count: 4096) == Machine.page)
        let before = try machine.memory.hostRead(SystemAddress(system.rawValue - 4096), count: 4096)
        #expect(before.allSatisfy { $0 == 0 })
        try machine.memory.hostWrite(machine.system(GuestAddress(0x8000)), [1])
    }

    @Test(arguments: MemoryProtection.allCases)
    func aRemappedPageIsCaughtUnderSNPOnly(_ protection: MemoryProtection) throws {
        let machine = try Machine(protection)
        let second = GuestAddress(0x4000)
        for place in [address, second] { try machine.makePrivate(place) }
        try machine.guest.write(address, Machine.page)
        try machine.guest.write(second, Machine.secret)
        machine.guest.pages.map(address, to: try machine.system(second))
        if protection == .sevSNP {
            let bits: NestedFaultBits = [.encrypted, .finalAddress, .present, .reverseMap]
            #expect(throws: GuestFault.nestedPageFault(address, bits)) { try machine.guest.read(address, count: 1) }
        } else {
            #expect(try machine.guest.read(address, count: Machine.secret.count) == Machine.secret)
        }
    }

    @Test(arguments: MemoryProtection.allCases)
    func anotherGuestsPageGivesNothing(_ protection: MemoryProtection) throws {
        let machine = try Machine(protection)
        try machine.makePrivate(address)
        try machine.guest.write(address, Machine.secret)
        machine.other.pages.map(address, to: try machine.system(address))
        if protection == .sevSNP {
            #expect(throws: GuestFault.self) { try machine.other.read(address, count: 1) }
            #expect(throws: GuestFault.self) { try machine.other.write(address, [1]) }
            #expect(throws: GuestFault.self) { try machine.other.write(address, [1], .shared) }
        } else {
            let seen = try machine.other.read(address, count: Machine.secret.count)
            #expect((seen == Machine.secret) == (protection == .none))
        }
        #expect(try machine.guest.read(address, count: Machine.secret.count) == Machine.secret)
    }

    /// Under SNP a shared read of a private page gives ciphertext, and a shared write faults.
    @Test func accessesWithoutTheCBitDoNotReachPlaintext() throws {
        let machine = try Machine(.sevSNP)
        try machine.makePrivate(address)
        try machine.guest.write(address, Machine.secret)
        #expect(try machine.guest.read(address, count: Machine.secret.count, .shared) != Machine.secret)
        let bits: NestedFaultBits = [.write, .finalAddress, .present, .reverseMap]
        #expect(throws: GuestFault.nestedPageFault(address, bits)) {
            try machine.guest.write(address, [1], .shared)
        }
    }

    @Test func accessesSpanPagesAndEndWithTheMemory() throws {
        let machine = try Machine(.sev)
        let start = GuestAddress(0x1FF8)
        try machine.guest.write(start, Machine.page + Machine.page)
        #expect(try machine.guest.read(start, count: 8192) == Machine.page + Machine.page)
        let end = GuestAddress((4 << 20) - 1)
        #expect(throws: GuestFault.nestedPageFault(GuestAddress(4 << 20), [.encrypted, .finalAddress])) {
            try machine.guest.read(end, count: 2)
        }
        for address in [.max, 1 << 51, (1 << 30) - 1] as [UInt64] {
            #expect(throws: GuestFault.self) { try machine.guest.read(GuestAddress(address), count: 4096) }
            #expect(throws: HostFault.noMemory(SystemAddress(address))) {
                try machine.memory.hostRead(SystemAddress(address), count: 4096)
            }
        }
        #expect(throws: HostFault.self) { try machine.memory.hostRead(SystemAddress(0), count: -1) }
    }

    /// A host may map a guest's page to where no DRAM is.
    @Test func aMappingPastTheDRAMFaults() throws {
        let machine = try Machine(.sevSNP)
        machine.guest.pages.map(address, to: SystemAddress(1 << 50))
        #expect(throws: GuestFault.self) { try machine.guest.read(address, count: 1) }
        #expect(throws: GuestFault.self) { try machine.guest.validate(address) }
        var buffer = PageStateBuffer([PageStateChange(address, .makePrivate)]).encoded
        #expect(machine.host.answer(machine.guest, buffer: &buffer) == 0x100 << 32)
    }

    @Test func aReadOnlyMappingLetsNobodyWrite() throws {
        let machine = try Machine(.sev)
        machine.guest.pages.map(address, to: try machine.system(address), isWritable: false)
        #expect(throws: GuestFault.nestedPageFault(address, [.write, .encrypted, .finalAddress, .present])) {
            try machine.guest.write(address, [1])
        }
        _ = try machine.guest.read(address, count: 1)
    }

    @Test func machinesAndGuestsOfImpossibleSizesAreRefused() throws {
        for size in [0, 4096, (2 << 20) + 4096, 1 << 47, .max] as [UInt64] {
            #expect(throws: MemoryModelError.size(size)) { try SystemMemory(protection: .sev, byteCount: size) }
        }
        let memory = try SystemMemory(protection: .sev, byteCount: 2 << 20)
        for asid in [0, 1024, .max] as [UInt16] {
            #expect(throws: MemoryModelError.asid(ASID(asid))) {
                try memory.createGuest(asid: ASID(asid), byteCount: 2 << 20)
            }
        }
        do {
            let guest = try memory.createGuest(asid: ASID(7), byteCount: 2 << 20)
            #expect(throws: MemoryModelError.asid(ASID(7))) {
                try memory.createGuest(asid: guest.asid, byteCount: 2 << 20)
            }
        }
        _ = try memory.createGuest(asid: ASID(7), byteCount: 2 << 20)
    }
}
