/// An honest hypervisor's memory management: it gives guests memory and does what they ask for.
///
/// A cheating one uses the same model past it: the DRAM, the nested page tables and RMPUPDATE are open to anybody.
public final class MemoryHost {
    public let memory: SystemMemory
    /// DRAM before this address was handed out once.
    private var next: UInt64 = 0

    public init(memory: SystemMemory) { self.memory = memory }

    /// Takes the next free page; nil where there is none.
    public func allocate(_ size: PageSize = .small) -> SystemAddress? {
        let (start, isTooLarge) = next.addingReportingOverflow(size.byteCount - 1)
        let address = SystemAddress(start).start(of: size)
        guard !isTooLarge, address.rawValue < memory.byteCount,
            memory.byteCount - address.rawValue >= size.byteCount
        else { return nil }
        next = address.rawValue + size.byteCount
        return address
    }

    /// Puts fresh shared memory behind a range of a guest's addresses; false where the DRAM or the guest's address space
    /// ends, or the range is not whole pages.
    public func populate(_ guest: Guest, _ start: GuestAddress, pageCount: UInt64, size: PageSize = .small) -> Bool {
        guard start.isAligned(to: size), start.rawValue <= guest.pages.byteCount,
            pageCount <= (guest.pages.byteCount - start.rawValue) / size.byteCount
        else { return false }
        for index in 0..<pageCount {
            guard let address = allocate(size) else { return false }
            guest.pages.map(start.advanced(by: index * size.byteCount), to: address, size: size)
        }
        return true
    }

    /// Answers a request by the MSR protocol: the value that the guest reads then.
    public func answer(_ guest: Guest, requestMSR value: UInt64) -> UInt64 {
        guard let change = PageStateChange(requestMSR: value), perform(guest, change) else {
            return PageStateChange.responseMSR(error: 1)
        }
        return PageStateChange.responseMSR(error: 0)
    }

    /// Works through the buffer of the event and moves its `current` on.
    ///
    /// - Returns: SW_EXITINFO2: 0, or the error. Source: Linux, arch/x86/include/asm/sev-common.h, VMGEXIT_PSC_ERROR.
    public func answer(_ guest: Guest, buffer bytes: inout [UInt8]) -> UInt64 {
        guard guest.protection.hasReverseMap, var buffer = PageStateBuffer(parsing: bytes) else {
            return 1 << 32 | 1
        }
        var error: UInt64 = 0
        while buffer.current <= buffer.end {
            guard let change = PageStateChange(entry: buffer.entries[Int(buffer.current)]) else {
                error = 1 << 32 | 2
                break
            }
            guard perform(guest, change) else {
                error = 0x100 << 32
                break
            }
            var done = change
            done.doneFrames = change.size.frameCount
            buffer.entries[Int(buffer.current)] = done.entry
            buffer.current += 1
        }
        bytes.replaceSubrange(0..<buffer.encoded.count, with: buffer.encoded)
        return error
    }

    /// Does one change; what is done already is success.
    private func perform(_ guest: Guest, _ change: PageStateChange) -> Bool {
        guard guest.protection.hasReverseMap else { return false }
        let isLarge = guest.pages.mapping(change.address)?.size == .large
        switch change.operation {
        case .unsmash: return true
        case .smash: return !isLarge || smash(guest, change.address)
        case .makePrivate, .makeShared:
            if change.size == .large, isLarge, change.doneFrames == 0 {
                return assign(guest, change.address, .large, isPrivate: change.operation == .makePrivate)
            }
            for frame in change.doneFrames..<change.size.frameCount {
                let address = change.address.advanced(by: frame * PageSize.small.byteCount)
                guard assign(guest, address, .small, isPrivate: change.operation == .makePrivate) else { return false }
            }
            return true
        }
    }

    private func assign(_ guest: Guest, _ address: GuestAddress, _ size: PageSize, isPrivate: Bool) -> Bool {
        guard let system = guest.pages.mapping(address)?.address, memory.reverseMap.covers(system) else { return false }
        let entry = memory.reverseMap.lookup(system)
        if entry.isAssigned == isPrivate, !isPrivate || (entry.asid == guest.asid && entry.guestAddress == address) {
            return true
        }
        if size == .small { guard smash(guest, address) else { return false } }
        let update =
            isPrivate
            ? RMPUpdate(guestAddress: address, asid: guest.asid, pageSize: size) : RMPUpdate.hypervisor(size)
        switch memory.reverseMap.update(system, update) {
        case .success: return true
        case .failOverlap where size == .large:
            // Small pages stand there: one by one.
            for frame in 0..<size.frameCount {
                let part = address.advanced(by: frame * PageSize.small.byteCount)
                guard assign(guest, part, .small, isPrivate: isPrivate) else { return false }
            }
            return true
        default: return false
        }
    }

    /// Makes small pages of the large one around an address, in the nested page table and in the reverse map: a
    /// private page may not be mapped larger than it is there.
    private func smash(_ guest: Guest, _ address: GuestAddress) -> Bool {
        guard let system = guest.pages.mapping(address)?.address else { return false }
        guest.pages.split(address)
        let start = system.start(of: .large)
        let entry = memory.reverseMap.lookup(start)
        guard entry.isAssigned, entry.pageSize == .large else { return true }
        return memory.reverseMap.smash(start) == .success
    }
}
