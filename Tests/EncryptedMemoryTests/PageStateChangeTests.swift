import EncryptedMemory
import Testing

@Suite struct PageStateChangeTests {
    private let address = GuestAddress(0x3000)

    private func ask(_ machine: Machine, _ changes: [PageStateChange]) -> UInt64 {
        var buffer = PageStateBuffer(changes).encoded
        return machine.host.answer(machine.guest, buffer: &buffer)
    }

    /// Source of the layout: AMD 56421; the values are those that Linux's snp_set_page_private would send.
    @Test func speaksTheMSRProtocol() throws {
        let machine = try Machine(.sevSNP)
        #expect(PageStateChange(address, .makePrivate).requestMSR == 0x0010_0000_0000_3014)
        #expect(machine.host.answer(machine.guest, requestMSR: 0x0010_0000_0000_3014) == 0x015)
        _ = try machine.guest.validate(address)
        try machine.guest.write(address, Machine.secret)
        #expect(machine.host.answer(machine.guest, requestMSR: 0x0020_0000_0000_3014) == 0x015)
        #expect(throws: GuestFault.self) { try machine.guest.read(address, count: 1) }
        for value in [
            0x0030_0000_0000_3014, 0x0000_0000_0000_3014, 0x0010_0000_0000_3013, 0x1010_0000_0000_3014,
            0x001F_FFFF_FFFF_F014, .max,
        ] as [UInt64] {
            #expect(machine.host.answer(machine.guest, requestMSR: value) == 0x1_0000_0015)
        }
    }

    @Test func aLargePageChangesAsOneAndComesBack() throws {
        let machine = try Machine(.sevSNP)
        try machine.makePrivate(Machine.large, .large)
        try machine.guest.write(Machine.large.advanced(by: 0x1FF000), Machine.secret)
        #expect(ask(machine, [PageStateChange(Machine.large, .makeShared, size: .large)]) == 0)
        try machine.makePrivate(Machine.large, .large)
        let entry = try #require(machine.memory.reverseMap.read(machine.system(Machine.large)))
        #expect(entry.pageSize == .large)
    }

    /// One small page of a large private one: the host smashes it, and the others keep what they have.
    @Test func aPartOfALargePageMakesItSmall() throws {
        let machine = try Machine(.sevSNP)
        try machine.makePrivate(Machine.large, .large)
        let part = Machine.large.advanced(by: 0x5000)
        try machine.guest.write(Machine.large.advanced(by: 0x7000), Machine.secret)
        #expect(ask(machine, [PageStateChange(part, .makeShared)]) == 0)
        try machine.guest.write(part, Machine.secret, .shared)
        #expect(throws: GuestFault.self) { try machine.guest.read(part, count: 1) }
        let seen = try machine.guest.read(Machine.large.advanced(by: 0x7000), count: Machine.secret.count)
        #expect(seen == Machine.secret)
        // A large request over small pages is done one by one, and PVALIDATE tells their size.
        #expect(ask(machine, [PageStateChange(Machine.large, .makePrivate, size: .large)]) == 0)
        #expect(try machine.guest.validate(Machine.large, .large).result == .failSizeMismatch)
        #expect(throws: GuestFault.notValidated(part)) { try machine.guest.read(part, count: 1) }
    }

    @Test func adviceIsTaken() throws {
        let machine = try Machine(.sevSNP)
        try machine.makePrivate(Machine.large, .large)
        #expect(ask(machine, [PageStateChange(Machine.large, .smash, size: .large)]) == 0)
        #expect(try machine.guest.validate(Machine.large.advanced(by: 0x1000)).isUnchanged)
        #expect(ask(machine, [PageStateChange(Machine.large, .unsmash, size: .large)]) == 0)
        #expect(ask(machine, [PageStateChange(address, .smash)]) == 0)
    }

    @Test func theBufferMovesOnAndStopsAtTheFirstBadEntry() throws {
        let machine = try Machine(.sevSNP)
        let changes = (0..<3).map { PageStateChange(GuestAddress(UInt64(3 + $0) << 12), .makePrivate) }
        var buffer = PageStateBuffer(changes)
        buffer.entries[1] = 0x0050_0000_0000_4000
        var bytes = buffer.encoded
        #expect(machine.host.answer(machine.guest, buffer: &bytes) == 0x1_0000_0002)
        let after = try #require(PageStateBuffer(parsing: bytes))
        #expect(after.current == 1 && after.entries[0] & 0xFFF == 1)
        // The guest mends it and goes on from there.
        var mended = after
        mended.entries[1] = changes[1].entry
        bytes = mended.encoded
        #expect(machine.host.answer(machine.guest, buffer: &bytes) == 0)
        #expect(PageStateBuffer(parsing: bytes)?.current == 3)
        for change in changes { #expect(try !machine.guest.validate(change.address).isUnchanged) }
    }

    /// Half of a large page is done already, says the entry.
    @Test func aStartedEntryGoesOnWhereItStopped() throws {
        let machine = try Machine(.sevSNP)
        #expect(ask(machine, [PageStateChange(Machine.large, .makePrivate, size: .large, doneFrames: 511)]) == 0)
        #expect(throws: GuestFault.self) { try machine.guest.validate(Machine.large) }
        _ = try machine.guest.validate(Machine.large.advanced(by: 511 << 12))
    }

    @Test(
        arguments: [
            [], [0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 253, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 1, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ] as [[UInt8]])
    func refusesBadHeaders(_ header: [UInt8]) throws {
        let machine = try Machine(.sevSNP)
        var bytes = header
        if header.count >= 8, header[0] != 0 || header[2] != 0 || header[4] != 0 {
            bytes += [UInt8](repeating: 0, count: 2024)
        }
        #expect(machine.host.answer(machine.guest, buffer: &bytes) == 0x1_0000_0001)
    }

    @Test(
        arguments: [
            0x0150_0000_0000_3000, 0x0110_0000_0000_3000, 0x0210_0000_0000_3000, 0x0010_0000_0000_3002,
            0x0110_0000_0020_0201, 0x0000_0000_0000_3000,
        ] as [UInt64])
    func refusesBadEntries(_ entry: UInt64) throws {
        let machine = try Machine(.sevSNP)
        var buffer = PageStateBuffer([PageStateChange(address, .makePrivate)])
        buffer.entries[0] = entry
        var bytes = buffer.encoded
        #expect(machine.host.answer(machine.guest, buffer: &bytes) == 0x1_0000_0002)
    }

    @Test(arguments: [MemoryProtection.none, .sev, .sevES])
    func doesNotExistWithoutSNP(_ protection: MemoryProtection) throws {
        let machine = try Machine(protection)
        #expect(ask(machine, [PageStateChange(address, .makePrivate)]) == 0x1_0000_0001)
        #expect(machine.host.answer(machine.guest, requestMSR: 0x0010_0000_0000_3014) == 0x1_0000_0015)
    }

    @Test func theDRAMEnds() throws {
        let machine = try Machine(.sevSNP)
        #expect(!machine.host.populate(machine.guest, GuestAddress(4 << 20), pageCount: 64, size: .large))
        #expect(machine.host.allocate(.large) == nil)
        #expect(!machine.host.populate(machine.guest, GuestAddress(4097), pageCount: 1))
        #expect(!machine.host.populate(machine.guest, GuestAddress(.max & ~0xFFF), pageCount: 1))
        #expect(!machine.host.populate(machine.guest, GuestAddress(1 << 29), pageCount: .max))
    }
}
