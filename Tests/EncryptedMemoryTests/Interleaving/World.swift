import EncryptedMemory

/// What must never happen to a private page.
enum Violation: CaseIterable {
    /// The host has read bytes that a guest wrote to private memory.
    case plaintextSeen
    /// A guest has read something that nobody wrote, without a fault.
    case garbled
    /// It has read what it wrote there before.
    case replayed
    /// It has read what was written to another page.
    case moved
}

/// How a guest keeps the rules of SEV-SNP.
enum Carefulness {
    case careful
    /// It does not look at the carry flag of PVALIDATE.
    case ignoresCarry
    /// It accepts a page again when an access says that it is not validated.
    case acceptsAgain
}

/// Two guests, a host, and what each guest knows of its own private pages.
final class World {
    private let memory: SystemMemory
    private let host: MemoryHost
    private var guests: [GuestRecord] = []
    private let frames: [SystemAddress]
    private let regions: [SystemAddress]
    private var saved: [Int: [UInt8]] = [:]
    private let carefulness: Carefulness
    /// All blocks of 16 bytes that were ever written to private memory.
    private var secrets = Set<[UInt8]>()

    struct GuestRecord {
        let guest: Guest
        /// By page: the 32-byte values written last and before, by block; nil where the page is not accepted.
        var known: [Int: [Int: [[UInt8]]]] = [:]
        /// It has seen an attack and does nothing any more.
        var isHalted = false
    }

    private static let largeStart: UInt64 = 2 << 20

    init(_ protection: MemoryProtection, _ carefulness: Carefulness = .careful) throws {
        memory = try SystemMemory(protection: protection, byteCount: 16 << 20)
        host = MemoryHost(memory: memory)
        self.carefulness = carefulness
        let small = (0..<10).map { SystemAddress(UInt64($0) << 12) }
        regions = [SystemAddress(4 << 20), SystemAddress(6 << 20)]
        frames = small + regions.flatMap { [$0, $0.advanced(by: 0x3000)] }
        for (number, asid) in [1, 2].enumerated() {
            let guest = try memory.createGuest(asid: ASID(UInt16(asid)), byteCount: 8 << 20)
            for page in 0..<5 { guest.pages.map(Self.address(page), to: small[5 * number + page]) }
            guest.pages.map(GuestAddress(Self.largeStart), to: regions[number], size: .large)
            guests.append(GuestRecord(guest: guest))
        }
    }

    /// Pages 5 and 6 are parts of one large page.
    static func address(_ page: Int) -> GuestAddress {
        page < 5 ? GuestAddress(UInt64(page) << 12) : GuestAddress(largeStart + (page == 5 ? 0 : 0x3000))
    }

    private static func value(_ serial: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(serial))
        return (0..<32).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    /// Does one step. A step that is not possible, or that faults, does nothing.
    func apply(_ operation: Operation) -> Violation? {
        switch operation {
        case .hostWrite(let frame, let block):
            try? memory.hostWrite(frames[frame].advanced(by: UInt64(32 * block)), [0xAA, 0x55])
        case .save(let frame, let slot): saved[slot] = try? memory.hostRead(frames[frame], count: 4096)
        case .replay(let slot, let frame):
            if let bytes = saved[slot] { try? memory.hostWrite(frames[frame], bytes) }
        case .remap(let guest, let page, let frame):
            guests[guest].guest.pages.map(Self.address(page), to: frames[frame])
        case .remapLarge(let guest, let region):
            guests[guest].guest.pages.map(GuestAddress(Self.largeStart), to: regions[region], size: .large)
        case .unmap(let guest, let page): guests[guest].guest.pages.unmap(Self.address(page))
        case .assign(let frame, let guest, let page):
            let update = RMPUpdate(guestAddress: Self.address(page), asid: guests[guest].guest.asid)
            _ = memory.reverseMap.update(frames[frame], update)
        case .assignLarge(let region, let guest):
            let update = RMPUpdate(
                guestAddress: GuestAddress(Self.largeStart), asid: guests[guest].guest.asid, pageSize: .large)
            _ = memory.reverseMap.update(regions[region], update)
        case .takeBack(let frame, let size):
            _ = memory.reverseMap.update(frames[frame].start(of: size), .hypervisor(size))
        case .smash(let region): _ = memory.reverseMap.smash(regions[region])
        case .look(let frame): return look(frames[frame])
        case .accept(let guest, let page, let size, let hostHelps): accept(guest, page, size, hostHelps)
        case .release(let guest, let page, let hostHelps): release(guest, page, hostHelps)
        case .write(let guest, let page, let block, let serial): return write(guest, page, block, Self.value(serial))
        case .read(let guest, let page, let block): return read(guest, page, block, .vmpl0)
        case .readAt(let guest, let page, let block, let vmpl):
            return read(guest, page, block, VMPL(rawValue: vmpl) ?? .vmpl3)
        case .writeShared(let guest, let page):
            guard !guests[guest].isHalted else { return nil }
            try? guests[guest].guest.write(Self.address(page), [1, 2, 3], .shared)
        case .adjust(let guest, let page, let vmpl, let permissions):
            guard !guests[guest].isHalted, guests[guest].known[page] != nil else { return nil }
            _ = try? guests[guest].guest.adjust(
                Self.address(page), target: vmpl, permissions: VMPLPermissions(rawValue: permissions))
        }
        return nil
    }

    private func look(_ frame: SystemAddress) -> Violation? {
        guard let bytes = try? memory.hostRead(frame, count: 32 * Operation.blocks) else { return nil }
        let blocks = stride(from: 0, to: bytes.count, by: 16).map { Array(bytes[$0..<$0 + 16]) }
        return blocks.contains(where: secrets.contains) ? .plaintextSeen : nil
    }

    private func ask(_ guest: Int, _ address: GuestAddress, _ operation: PageStateChange.Operation, _ size: PageSize) {
        var buffer = PageStateBuffer([PageStateChange(address, operation, size: size)]).encoded
        _ = host.answer(guests[guest].guest, buffer: &buffer)
    }

    /// The guest wants a page, or both pages of its large one, that it does not have yet.
    private func accept(_ guest: Int, _ page: Int, _ size: PageSize, _ hostHelps: Bool) {
        let size = page < 5 ? PageSize.small : size
        let pages = size == .large ? [5, 6] : [page]
        guard !guests[guest].isHalted, pages.allSatisfy({ guests[guest].known[$0] == nil }) else { return }
        if memory.protection.hasReverseMap {
            let address = Self.address(page).start(of: size)
            if hostHelps { ask(guest, address, .makePrivate, size) }
            guard validate(guest, address, size, to: true) else { return }
        }
        for page in pages { guests[guest].known[page] = [:] }
    }

    private func release(_ guest: Int, _ page: Int, _ hostHelps: Bool) {
        guard !guests[guest].isHalted, guests[guest].known[page] != nil else { return }
        if memory.protection.hasReverseMap {
            guard validate(guest, Self.address(page), .small, to: false) else { return }
            if hostHelps { ask(guest, Self.address(page), .makeShared, .small) }
        }
        guests[guest].known[page] = nil
    }

    private func validate(_ guest: Int, _ address: GuestAddress, _ size: PageSize, to isValidated: Bool) -> Bool {
        guard let validation = try? guests[guest].guest.validate(address, size, to: isValidated),
            validation.result == .success
        else { return false }
        if validation.isUnchanged, carefulness != .ignoresCarry {
            guests[guest].isHalted = true
            return false
        }
        return true
    }

    private func write(_ guest: Int, _ page: Int, _ block: Int, _ value: [UInt8]) -> Violation? {
        guard !guests[guest].isHalted, guests[guest].known[page] != nil else { return nil }
        let address = Self.address(page).advanced(by: UInt64(32 * block))
        do { try guests[guest].guest.write(address, value) } catch {
            acceptAgain(guest, page, error)
            return nil
        }
        guests[guest].known[page]?[block, default: []].append(value)
        for half in [value[..<16], value[16...]] { secrets.insert(Array(half)) }
        guard let frame = guests[guest].guest.pages.mapping(Self.address(page))?.address else { return nil }
        return look(frame)
    }

    private func read(_ guest: Int, _ page: Int, _ block: Int, _ vmpl: VMPL) -> Violation? {
        guard !guests[guest].isHalted, let values = guests[guest].known[page]?[block], let last = values.last else {
            return nil
        }
        let address = Self.address(page).advanced(by: UInt64(32 * block))
        do {
            let found = try guests[guest].guest.read(address, count: 32, vmpl: vmpl)
            if found == last { return nil }
            if values.contains(found) { return .replayed }
            return secrets.contains(Array(found[..<16])) ? .moved : .garbled
        } catch {
            acceptAgain(guest, page, error)
            return nil
        }
    }

    private func acceptAgain(_ guest: Int, _ page: Int, _ error: any Error) {
        guard carefulness == .acceptsAgain, case .notValidated? = error as? GuestFault else { return }
        _ = try? guests[guest].guest.validate(Self.address(page))
    }
}
