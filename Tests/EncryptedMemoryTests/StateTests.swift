import EncryptedMemory
import Testing

/// Launch pages and the registers of processors that do not run.
@Suite struct StateTests {
    private let address = GuestAddress(0x3000)

    /// A machine whose guest's launch has made a VMSA.
    private func launched(_ protection: MemoryProtection) throws -> Machine {
        let machine = try Machine(protection)
        try prepare(machine)
        try machine.guest.launch(address, Machine.page, isVMSA: true)
        return machine
    }

    /// Under SEV-SNP, the page becomes a pre-guest one.
    private func prepare(_ machine: Machine, _ guestAddress: GuestAddress? = nil, asid: UInt16 = 1) throws {
        guard machine.memory.protection.hasReverseMap else { return }
        let update = RMPUpdate(guestAddress: guestAddress ?? address, asid: ASID(asid), isImmutable: true)
        try #require(machine.memory.reverseMap.update(machine.system(address), update) == .success)
    }

    @Test(arguments: MemoryProtection.allCases)
    func registersAreHiddenFromSEVESOn(_ protection: MemoryProtection) throws {
        let machine = try launched(protection)
        let seen = try machine.memory.hostRead(machine.system(address), count: 4096)
        #expect((seen == Machine.page) == !protection.hasEncryptedState)
        let registers = try machine.guest.enter(vmsa: machine.system(address))
        #expect(registers == Machine.page)
        machine.guest.exit(vmsa: try machine.system(address), [UInt8](repeating: 9, count: 4096))
        let later = try machine.memory.hostRead(machine.system(address), count: 4096)
        #expect((later == [UInt8](repeating: 9, count: 4096)) == !protection.hasEncryptedState)
        #expect(try machine.guest.enter(vmsa: machine.system(address))[0] == 9)
    }

    /// The host sets other registers: without encryption it succeeds, under SEV-ES the processor does not start, and
    /// under SEV-SNP the write faults.
    @Test(arguments: MemoryProtection.allCases)
    func changedRegistersAreRefusedFromSEVESOn(_ protection: MemoryProtection) throws {
        let machine = try launched(protection)
        let system = try machine.system(address)
        if protection == .sevSNP {
            #expect(throws: HostFault.reverseMap(system)) { try machine.memory.hostWrite(system, [1]) }
        } else {
            try machine.memory.hostWrite(system, [1])
        }
        if protection == .sevES {
            #expect(throws: Guest.EntryRefusal.integrity) { try machine.guest.enter(vmsa: system) }
        } else {
            #expect(try machine.guest.enter(vmsa: system)[0] == (protection == .sevSNP ? Machine.page[0] : 1))
        }
    }

    /// Old registers are sound ciphertext, and still not what the processor stored last.
    @Test func oldRegistersAreRefusedUnderSEVES() throws {
        let machine = try launched(.sevES)
        let system = try machine.system(address)
        let old = try machine.memory.hostRead(system, count: 4096)
        _ = try machine.guest.enter(vmsa: system)
        machine.guest.exit(vmsa: system, [UInt8](repeating: 9, count: 4096))
        try machine.memory.hostWrite(system, old)
        #expect(throws: Guest.EntryRefusal.integrity) { try machine.guest.enter(vmsa: system) }
    }

    @Test func entriesNeedAValidatedVMSAOfTheGuest() throws {
        let machine = try launched(.sevSNP)
        let system = try machine.system(address)
        #expect(throws: Guest.EntryRefusal.noVMSA) { try machine.other.enter(vmsa: system) }
        #expect(throws: Guest.EntryRefusal.noVMSA) { try machine.guest.enter(vmsa: SystemAddress(0)) }
        #expect(throws: Guest.EntryRefusal.noMemory) { try machine.guest.enter(vmsa: SystemAddress(1 << 50)) }
        #expect(throws: Guest.EntryRefusal.noMemory) { try machine.guest.enter(vmsa: system.advanced(by: 16)) }
        let same = RMPUpdate(guestAddress: address, asid: ASID(1))
        #expect(machine.memory.reverseMap.update(system, same) == .success)
        #expect(throws: Guest.EntryRefusal.noVMSA) { try machine.guest.enter(vmsa: system) }
    }

    @Test func launchesOnlyIntoPreparedPages() throws {
        let machine = try Machine(.sevSNP)
        func refusal() -> Guest.LaunchRefusal? {
            do throws(Guest.LaunchRefusal) { try machine.guest.launch(address, Machine.page) } catch { return error }
            return nil
        }
        #expect(refusal() == .invalidPageState)
        try prepare(machine, asid: 2)
        #expect(refusal() == .invalidPageOwner)
        for (guestAddress, asid) in [(GuestAddress(0x4000), 1), (address, 1)] as [(GuestAddress, UInt16)] {
            let fresh = try Machine(.sevSNP)
            try prepare(fresh, guestAddress, asid: asid)
            if guestAddress == address {
                try fresh.guest.launch(address, Machine.page, permissions: [[.read], [], []])
                #expect(try fresh.guest.read(address, count: 4096, vmpl: .vmpl1) == Machine.page)
                #expect(throws: GuestFault.self) { try fresh.guest.write(address, [1], vmpl: .vmpl1) }
                // Once launched, it is the guest's: the firmware does not write there again.
                #expect(throws: Guest.LaunchRefusal.invalidPageState) { try fresh.guest.launch(address, Machine.page) }
            } else {
                #expect(throws: Guest.LaunchRefusal.invalidPageOwner) { try fresh.guest.launch(address, Machine.page) }
            }
        }
        for (place, contents) in [
            (address, Array(Machine.page[1...])), (GuestAddress(0x3008), Machine.page),
            (GuestAddress(1 << 29), Machine.page),
        ] {
            #expect(throws: Guest.LaunchRefusal.invalidAddress) { try machine.guest.launch(place, contents) }
        }
    }
}
