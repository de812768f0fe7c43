import EncryptedMemory
import Testing

/// PVALIDATE, RMPADJUST and RMPQUERY, a row for each rule and result code.
@Suite struct GuestInstructionTests {
    private static let small = GuestAddress(0x3000)
    private static let large = Machine.large
    private static let fault: NestedFaultBits = [.write, .encrypted, .finalAddress, .present, .reverseMap]

    /// What the host has done to the guest's page at `small`, or to all of the large one.
    enum Before: Sendable {
        case shared, assigned, immutable, wrongAddress, otherGuest, largeAssigned, unmapped
    }

    private func machine(_ before: Before) throws -> Machine {
        let machine = try Machine(.sevSNP)
        let map = machine.memory.reverseMap
        var update = RMPUpdate(guestAddress: Self.small, asid: ASID(1))
        switch before {
        case .shared: return machine
        case .unmapped:
            machine.guest.pages.unmap(Self.small)
            return machine
        case .largeAssigned:
            update = RMPUpdate(guestAddress: Self.large, asid: ASID(1), pageSize: .large)
            try #require(map.update(machine.system(Self.large), update) == .success)
            return machine
        case .assigned: break
        case .immutable: update.isImmutable = true
        case .wrongAddress: update.guestAddress = GuestAddress(0x4000)
        case .otherGuest: update.asid = ASID(2)
        }
        try #require(map.update(machine.system(Self.small), update) == .success)
        return machine
    }

    struct Validate: Sendable, CustomTestStringConvertible {
        let before: Before
        var address = small
        var size = PageSize.small
        var vmpl = VMPL.vmpl0
        var result: RMPResult?
        var fault: GuestFault?
        var testDescription: String { "\(before), \(size), \(vmpl)" }
    }

    @Test(arguments: [
        Validate(before: .assigned, result: .success),
        Validate(before: .largeAssigned, address: large, size: .large, result: .success),
        Validate(before: .assigned, address: GuestAddress(0x3008), result: .failInput),
        Validate(before: .largeAssigned, address: GuestAddress(0x3000), size: .large, result: .failInput),
        Validate(before: .assigned, vmpl: .vmpl1, fault: .generalProtection),
        Validate(before: .assigned, vmpl: .vmpl3, fault: .generalProtection),
        Validate(before: .shared, fault: .nestedPageFault(small, fault)),
        Validate(before: .immutable, fault: .nestedPageFault(small, fault)),
        Validate(before: .wrongAddress, fault: .nestedPageFault(small, fault)),
        Validate(before: .otherGuest, fault: .nestedPageFault(small, fault)),
        Validate(before: .unmapped, fault: .nestedPageFault(small, [.write, .encrypted, .finalAddress])),
        Validate(
            before: .largeAssigned, address: GuestAddress((2 << 20) + 4096),
            fault: .nestedPageFault(
                GuestAddress((2 << 20) + 4096), [.encrypted, .finalAddress, .present, .reverseMap, .sizeMismatch])),
    ])
    func validatesByTheRules(_ row: Validate) throws {
        let machine = try machine(row.before)
        if let fault = row.fault {
            #expect(throws: fault) { try machine.guest.validate(row.address, row.size, vmpl: row.vmpl) }
            return
        }
        let first = try machine.guest.validate(row.address, row.size)
        #expect(first.result == row.result && !first.isUnchanged)
        guard row.result == .success else { return }
        #expect(try machine.guest.validate(row.address, row.size).isUnchanged)
        try machine.guest.write(row.address, Machine.page)
        let back = try machine.guest.validate(row.address, row.size, to: false)
        #expect(back.result == .success && !back.isUnchanged)
        #expect(throws: GuestFault.notValidated(row.address)) { try machine.guest.read(row.address, count: 1) }
    }

    @Test func aLargeInstructionOnSmallPagesTellsTheSize() throws {
        let machine = try machine(.largeAssigned)
        _ = try machine.guest.validate(Self.large, .large)
        try #require(machine.memory.reverseMap.smash(machine.system(Self.large)) == .success)
        machine.guest.pages.split(Self.large)
        #expect(try machine.guest.validate(Self.large, .large, to: false).result == .failSizeMismatch)
        let adjusted = try machine.guest.adjust(Self.large, .large, target: 1, permissions: .all)
        #expect(adjusted == .failSizeMismatch)
    }

    /// The host gives the guest two pages of one address, and the guest, against the rule, accepts both: the carry flag
    /// does not tell it, so only its own record of what it accepted can.
    @Test func acceptingAnAddressTwiceOpensTheDoor() throws {
        let machine = try machine(.assigned)
        let first = try machine.guest.validate(Self.small)
        try machine.guest.write(Self.small, Machine.page)
        let spare = try #require(machine.host.allocate())
        let update = RMPUpdate(guestAddress: Self.small, asid: ASID(1))
        #expect(machine.memory.reverseMap.update(spare, update) == .success)
        machine.guest.pages.map(Self.small, to: spare)
        #expect(throws: GuestFault.notValidated(Self.small)) { try machine.guest.read(Self.small, count: 1) }
        let second = try machine.guest.validate(Self.small)
        #expect(first == second && !second.isUnchanged)
        #expect(try machine.guest.read(Self.small, count: 4096) != Machine.page)
    }

    struct Adjust: Sendable, CustomTestStringConvertible {
        var before = Before.assigned
        var isValidated = true
        var address = small
        var size = PageSize.small
        /// What VMPL 1 has, where it is the caller.
        var own = VMPLPermissions.all
        var caller = VMPL.vmpl0
        var target: UInt8 = 1
        var permissions: VMPLPermissions = [.read]
        var isVMSA = false
        var result: RMPResult?
        var fault: GuestFault?
        var testDescription: String { "\(before), \(caller) to \(target), \(permissions), VMSA \(isVMSA), \(size)" }
    }

    @Test(arguments: [
        Adjust(result: .success),
        Adjust(target: 3, permissions: .all, result: .success),
        Adjust(permissions: [], isVMSA: true, result: .success),
        Adjust(before: .largeAssigned, address: large, size: .large, result: .success),
        Adjust(own: [.read, .write], caller: .vmpl1, target: 2, permissions: [.read, .write], result: .success),
        Adjust(target: 4, result: .failInput),
        Adjust(target: 255, result: .failInput),
        Adjust(address: GuestAddress(0x3010), result: .failInput),
        Adjust(before: .largeAssigned, address: GuestAddress(0x3000), size: .large, result: .failInput),
        Adjust(before: .largeAssigned, address: large, size: .large, isVMSA: true, result: .failInput),
        Adjust(permissions: VMPLPermissions(rawValue: 0x20), result: .failInput),
        Adjust(target: 0, result: .failPermission),
        Adjust(caller: .vmpl1, target: 1, result: .failPermission),
        Adjust(caller: .vmpl2, target: 1, result: .failPermission),
        Adjust(own: [.read], caller: .vmpl1, target: 2, permissions: [.read, .write], result: .failPermission),
        Adjust(isValidated: false, fault: .notValidated(small)),
        Adjust(before: .shared, isValidated: false, fault: .nestedPageFault(small, fault)),
        Adjust(before: .otherGuest, isValidated: false, fault: .nestedPageFault(small, fault)),
        Adjust(before: .wrongAddress, isValidated: false, fault: .nestedPageFault(small, fault)),
        Adjust(
            before: .largeAssigned, address: large,
            fault: .nestedPageFault(large, [.encrypted, .finalAddress, .present, .reverseMap, .sizeMismatch])),
    ])
    func adjustsByTheRules(_ row: Adjust) throws {
        let machine = try machine(row.before)
        if row.isValidated {
            let isLarge = row.before == .largeAssigned
            _ = try machine.guest.validate(isLarge ? Self.large : Self.small, isLarge ? .large : .small)
        }
        if row.caller != .vmpl0 {
            #expect(try machine.guest.adjust(row.address, target: 1, permissions: row.own) == .success)
        }
        func adjust() throws -> RMPResult {
            try machine.guest.adjust(
                row.address, row.size, target: row.target, permissions: row.permissions, isVMSA: row.isVMSA,
                vmpl: row.caller)
        }
        if let fault = row.fault {
            #expect(throws: fault) { try adjust() }
            return
        }
        #expect(try adjust() == row.result)
        guard row.result == .success else { return }
        let target = try #require(VMPL(rawValue: row.target))
        let query = try machine.guest.query(row.address, target: row.target).get()
        #expect(query.permissions == row.permissions && query.pageSize == row.size && query.isVMSA == row.isVMSA)
        for (kind, permission) in [
            (AccessKind.read, VMPLPermissions.read), (.write, .write), (.userExecute, .userExecute),
            (.supervisorExecute, .supervisorExecute),
        ] {
            let allowed = (try? machine.guest.check(row.address, .private, kind, vmpl: target)) != nil
            #expect(allowed == row.permissions.contains(permission))
            _ = try machine.guest.check(row.address, .private, kind)
        }
    }

    @Test func aVMPLFaultSaysSo() throws {
        let machine = try machine(.assigned)
        _ = try machine.guest.validate(Self.small)
        let bits: NestedFaultBits = [.encrypted, .finalAddress, .present, .reverseMap, .vmpl]
        #expect(throws: GuestFault.nestedPageFault(Self.small, bits)) {
            try machine.guest.read(Self.small, count: 1, vmpl: .vmpl2)
        }
        #expect(throws: GuestFault.nestedPageFault(Self.small, [bits, .fetch])) {
            try machine.guest.read(Self.small, count: 1, vmpl: .vmpl2, kind: .supervisorExecute)
        }
    }

    /// Only VMPL 0 may make a VMSA; from others the bit is ignored.
    @Test func aVMSAIsMadeAtVMPL0Only() throws {
        let machine = try machine(.assigned)
        _ = try machine.guest.validate(Self.small)
        #expect(try machine.guest.adjust(Self.small, target: 1, permissions: .all) == .success)
        let asked = try machine.guest.adjust(Self.small, target: 2, permissions: .all, isVMSA: true, vmpl: .vmpl1)
        #expect(asked == .success)
        #expect(try !machine.guest.query(Self.small, target: 2).get().isVMSA)
        #expect(throws: Guest.EntryRefusal.noVMSA) { try machine.guest.enter(vmsa: machine.system(Self.small)) }
    }

    @Test func queriesByTheRules() throws {
        let machine = try machine(.assigned)
        #expect(throws: GuestFault.notValidated(Self.small)) { try machine.guest.query(Self.small, target: 1) }
        _ = try machine.guest.validate(Self.small)
        #expect(try machine.guest.query(Self.small, target: 0).get().permissions == .all)
        #expect(try machine.guest.query(Self.small, target: 1).get().permissions == [])
        for (target, caller, result) in [(4, VMPL.vmpl0, RMPResult.failInput), (0, .vmpl1, .failPermission)]
            as [(UInt8, VMPL, RMPResult)]
        {
            let answer = try machine.guest.query(Self.small, target: target, vmpl: caller)
            #expect(throws: RMPRefusal.self) { try answer.get() }
            if case .failure(let refusal) = answer { #expect(refusal.result == result) }
        }
        #expect(throws: GuestFault.self) { try machine.guest.query(GuestAddress(0x8000), target: 1) }
    }

    @Test(arguments: MemoryProtection.allCases.filter { $0 != .sevSNP })
    func theInstructionsDoNotExistWithoutSNP(_ protection: MemoryProtection) throws {
        let guest = try Machine(protection).guest
        #expect(throws: GuestFault.invalidOpcode) { try guest.validate(Self.small) }
        #expect(throws: GuestFault.invalidOpcode) { try guest.adjust(Self.small, target: 1, permissions: []) }
        #expect(throws: GuestFault.invalidOpcode) { try guest.query(Self.small, target: 1) }
    }
}
