import EncryptedMemory
import Testing

/// RMPUPDATE, PSMASH and RMPREAD, a row for each rule and result code.
@Suite struct HostInstructionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        /// What stands in the reverse map before.
        var before: [(UInt64, RMPUpdate)] = []
        let address: UInt64
        var update = RMPUpdate()
        let result: RMPResult
        var testDescription: String { name }
    }

    private static func page(_ guest: UInt64, _ size: PageSize = .small, isImmutable: Bool = false) -> RMPUpdate {
        RMPUpdate(guestAddress: GuestAddress(guest), asid: ASID(1), pageSize: size, isImmutable: isImmutable)
    }

    private static let base: UInt64 = 8 << 20
    private static let updates = [
        Row(name: "assign a small page", address: base, update: page(0x5000), result: .success),
        Row(name: "assign a large page", address: base, update: page(2 << 20, .large), result: .success),
        Row(name: "assign to the firmware", address: base, update: RMPUpdate(isImmutable: true), result: .success),
        Row(
            name: "assign again, to another address", before: [(base, page(0x5000))], address: base,
            update: page(0x6000), result: .success),
        Row(name: "give back", before: [(base, page(0x5000))], address: base, update: .hypervisor(), result: .success),
        Row(
            name: "give a large page back", before: [(base, page(0, .large))], address: base,
            update: .hypervisor(.large), result: .success),
        Row(name: "address inside of a page", address: base + 8, update: page(0x5000), result: .failInput),
        Row(
            name: "large page at a small page's address", address: base + 4096, update: page(0, .large),
            result: .failInput),
        Row(name: "large page at a small guest address", address: base, update: page(4096, .large), result: .failInput),
        Row(name: "guest address inside of a page", address: base, update: page(0x5001), result: .failInput),
        Row(name: "guest address of 52 bits", address: base, update: page(1 << 51), result: .failInput),
        Row(name: "past the DRAM", address: 64 << 20, update: page(0), result: .failInput),
        Row(name: "far past the DRAM", address: .max & ~0xFFF, update: page(0), result: .failInput),
        Row(
            name: "ASID of eleven bits", address: base,
            update: RMPUpdate(guestAddress: GuestAddress(0), asid: ASID(1024)), result: .failInput),
        Row(
            name: "hypervisor's page with an ASID", address: base,
            update: RMPUpdate(asid: ASID(1), isAssigned: false), result: .failInput),
        Row(
            name: "hypervisor's page that is immutable", address: base,
            update: RMPUpdate(isAssigned: false, isImmutable: true), result: .failInput),
        Row(
            name: "firmware's page with a guest address", address: base,
            update: RMPUpdate(guestAddress: GuestAddress(4096)), result: .failInput),
        Row(
            name: "immutable page", before: [(base, page(0x5000, isImmutable: true))], address: base,
            update: .hypervisor(), result: .failPermission),
        Row(
            name: "immutable large page", before: [(base, page(0, .large, isImmutable: true))], address: base,
            update: .hypervisor(.large), result: .failPermission),
        Row(
            name: "small page in a large one", before: [(base, page(0, .large))], address: base + 4096,
            update: page(0x5000), result: .failOverlap),
        Row(
            name: "small page at the start of a large one", before: [(base, page(0, .large))], address: base,
            update: .hypervisor(), result: .failOverlap),
        Row(
            name: "large page over a small one", before: [(base + 511 * 4096, page(0x5000))], address: base,
            update: page(0, .large), result: .failOverlap),
        Row(
            name: "large page over a small one at its start", before: [(base, page(0x5000))], address: base,
            update: page(0, .large), result: .failOverlap),
    ]

    @Test(arguments: updates)
    func updatesByTheRules(_ row: Row) throws {
        let map = try Machine(.sevSNP).memory.reverseMap
        for (address, update) in row.before { try #require(map.update(SystemAddress(address), update) == .success) }
        let unchanged = map.read(SystemAddress(row.address))
        #expect(map.update(SystemAddress(row.address), row.update) == row.result)
        guard row.result == .success else { return #expect(map.read(SystemAddress(row.address)) == unchanged) }
        let entry = try #require(map.read(SystemAddress(row.address)))
        #expect(entry.isAssigned == row.update.isAssigned && entry.asid == row.update.asid)
        #expect(entry.isImmutable == row.update.isImmutable && entry.guestAddress == row.update.guestAddress)
        #expect(!row.update.isAssigned || entry.pageSize == row.update.pageSize)
    }

    @Test(arguments: [
        Row(name: "a large page", before: [(base, page(4 << 20, .large))], address: base, result: .success),
        Row(name: "not aligned", before: [(base, page(0, .large))], address: base + 4096, result: .failInput),
        Row(name: "past the DRAM", address: 64 << 20, result: .failInput),
        Row(name: "a small page", before: [(base, page(0))], address: base, result: .failInput),
        Row(name: "a page of the hypervisor's", address: base, result: .failInput),
        Row(
            name: "immutable", before: [(base, page(0, .large, isImmutable: true))], address: base,
            result: .failPermission),
    ])
    func smashesByTheRules(_ row: Row) throws {
        let map = try Machine(.sevSNP).memory.reverseMap
        for (address, update) in row.before { try #require(map.update(SystemAddress(address), update) == .success) }
        #expect(map.smash(SystemAddress(row.address)) == row.result)
        guard row.result == .success else { return }
        for index in 0..<512 as Range<UInt64> {
            let entry = try #require(map.read(SystemAddress(row.address + index * 4096)))
            #expect(entry.isAssigned && entry.pageSize == .small && entry.asid == ASID(1))
            #expect(entry.guestAddress == GuestAddress((4 << 20) + index * 4096))
        }
        // The pages can go one by one now.
        #expect(map.update(SystemAddress(row.address + 4096), .hypervisor()) == .success)
    }

    /// An update takes Validated and permissions away, also where nothing else changes.
    @Test func anUpdateTakesTheValidationAway() throws {
        let machine = try Machine(.sevSNP)
        let address = GuestAddress(0x3000)
        try machine.makePrivate(address)
        try machine.guest.write(address, Machine.secret)
        #expect(try machine.guest.adjust(address, target: 1, permissions: .all) == .success)
        let same = RMPUpdate(guestAddress: address, asid: ASID(1))
        #expect(machine.memory.reverseMap.update(try machine.system(address), same) == .success)
        #expect(throws: GuestFault.notValidated(address)) { try machine.guest.read(address, count: 1) }
        _ = try machine.guest.validate(address)
        #expect(throws: GuestFault.self) { try machine.guest.read(address, count: 1, vmpl: .vmpl1) }
    }

    @Test func smashingKeepsValidationAndPermissions() throws {
        let machine = try Machine(.sevSNP)
        try machine.makePrivate(Machine.large, .large)
        try machine.guest.write(Machine.large.advanced(by: 0x7000), Machine.secret)
        #expect(
            try machine.guest.adjust(Machine.large, .large, target: 2, permissions: [.read]) == .success)
        #expect(machine.memory.reverseMap.smash(try machine.system(Machine.large)) == .success)
        let place = Machine.large.advanced(by: 0x7000)
        // A private page may not be mapped larger than its entry is.
        #expect(throws: GuestFault.self) { try machine.guest.read(place, count: 1) }
        machine.guest.pages.split(Machine.large)
        let seen = try machine.guest.read(place, count: Machine.secret.count, vmpl: .vmpl2)
        #expect(seen == Machine.secret)
        #expect(throws: GuestFault.self) { try machine.guest.write(place, [1], vmpl: .vmpl2) }
    }

    /// Registers of a processor that runs may not be taken away.
    @Test func pagesInUseStay() throws {
        let machine = try Machine(.sevSNP)
        let address = GuestAddress(0x3000)
        try machine.makePrivate(address)
        #expect(try machine.guest.adjust(address, target: 1, permissions: [], isVMSA: true) == .success)
        let system = try machine.system(address)
        let registers = try machine.guest.enter(vmsa: system)
        #expect(machine.memory.reverseMap.update(system, .hypervisor()) == .failInUse)
        #expect(throws: Guest.EntryRefusal.inUse) { try machine.guest.enter(vmsa: system) }
        #expect(try machine.guest.adjust(address, target: 1, permissions: []) == .failInUse)
        machine.guest.exit(vmsa: system, registers)
        #expect(machine.memory.reverseMap.update(system, .hypervisor()) == .success)
    }

    /// As many bytes of the table as pages were assigned; the limit of small pages is the hardware's 16 bytes each.
    @Test func theTableCostsWhatIsAssigned() throws {
        let size: UInt64 = 1 << 30
        let map = try SystemMemory(protection: .sevSNP, byteCount: size).reverseMap
        for start in stride(from: 0, to: size, by: 2 << 20) {
            #expect(map.update(SystemAddress(start), Self.page(start, .large)) == .success)
        }
        #expect(map.residentBytes <= 512 * 18 + 2 * 4096)
        for start in stride(from: 0, to: size, by: 2 << 20) { #expect(map.smash(SystemAddress(start)) == .success) }
        #expect((16 << 18...17 << 18).contains(map.residentBytes))
    }

    /// Pages come and go, and a large one fits only where none is left.
    @Test func aLargePageNeedsAllOfItsSmallOnesBack() throws {
        let map = try Machine(.sevSNP).memory.reverseMap
        let places = [0, 1, 511].map { SystemAddress(Self.base + $0 * 4096) }
        let large = Self.page(2 << 20, .large)
        // The second time over what is assigned already.
        for _ in 0..<2 { for place in places { #expect(map.update(place, Self.page(0x5000)) == .success) } }
        for place in places {
            #expect(map.update(SystemAddress(Self.base), large) == .failOverlap)
            for _ in 0..<2 { #expect(map.update(place, .hypervisor()) == .success) }
        }
        #expect(map.read(SystemAddress(Self.base))?.hasAssignedFrame == false)
        #expect(map.update(SystemAddress(Self.base), large) == .success)
        #expect(map.read(SystemAddress(Self.base + 4096))?.hasAssignedFrame == true)
    }

    /// Source of the layout: Linux, arch/x86/include/asm/sev.h, struct rmpread.
    @Test func readsEntriesInTheDocumentedForm() throws {
        let map = try Machine(.sevSNP).memory.reverseMap
        let address = SystemAddress(Self.base + 0x3000)
        #expect(map.update(address, Self.page(0x12_3456_7000, isImmutable: true)) == .success)
        let reading = try #require(map.read(address))
        #expect(reading.encoded == [0x00, 0x70, 0x56, 0x34, 0x12, 0, 0, 0, 1, 2, 1, 0, 1, 0, 0, 0])
        #expect(map.read(SystemAddress(Self.base))?.encoded == [0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0])
        #expect(map.read(SystemAddress(64 << 20)) == nil)
    }
}
