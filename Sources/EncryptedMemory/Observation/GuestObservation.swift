/// The memory of a guest of the model.
public struct GuestObservation: ObservedMemory {
    private let guest: Guest

    public init(_ guest: Guest) { self.guest = guest }

    public func extent(from address: GuestAddress) -> MemoryExtent? {
        var start = address.start(of: .small)
        while let next = guest.pages.nextMapped(start) {
            start = next
            if let state = state(start) { return extent(start, state) }
            start = start.advanced(by: PageSize.small.byteCount)
        }
        return nil
    }

    private func extent(_ start: GuestAddress, _ state: MemoryState) -> MemoryExtent {
        var end = start
        repeat {
            end = end.advanced(by: PageSize.small.byteCount)
        } while self.state(end) == state
        return MemoryExtent(start: start, byteCount: end.rawValue - start.rawValue, state: state)
    }

    /// The state of one page; nil where no DRAM is behind it.
    private func state(_ page: GuestAddress) -> MemoryState? {
        guard let system = guest.pages.mapping(page)?.address, system.rawValue < guest.memory.byteCount else {
            return nil
        }
        guard guest.protection.hasReverseMap else {
            return guest.encryption(of: page) == .private && guest.protection.isEncrypting ? .isPrivate : []
        }
        let entry = guest.memory.reverseMap.lookup(system)
        guard entry.isAssigned else { return [] }
        var state = MemoryState.isPrivate
        if entry.isValidated { state.insert(.isValidated) }
        if entry.isVMSA { state.insert(.isVMSA) }
        if entry.isImmutable { state.insert(.isImmutable) }
        return state
    }

    public func read(
        _ address: GuestAddress, into bytes: inout MutableSpan<UInt8>, as observer: Observer
    ) throws(ObservationError) {
        var done = 0
        while done < bytes.count {
            let here = address.advanced(by: UInt64(done))
            let count = min(bytes.count - done, 4096 - Int(here.offset(in: .small)))
            try bytes.withPart(done..<done + count) { (part) throws(ObservationError) in
                try readPage(here, into: &part, as: observer)
            }
            done += count
        }
    }

    private func readPage(
        _ address: GuestAddress, into bytes: inout MutableSpan<UInt8>, as observer: Observer
    ) throws(ObservationError) {
        switch observer {
        case .guest:
            do throws(GuestFault) { try guest.read(address, into: &bytes, guest.encryption(of: address)) } catch {
                throw .guest(error)
            }
        case .host:
            let system = try system(address)
            do throws(HostFault) { try guest.memory.hostRead(system, into: &bytes) } catch { throw .host(error) }
        }
    }

    public func write(
        _ address: GuestAddress, _ bytes: [UInt8], as observer: Observer
    ) throws(ObservationError) {
        var done = 0
        while done < bytes.count {
            let here = address.advanced(by: UInt64(done))
            let count = min(bytes.count - done, 4096 - Int(here.offset(in: .small)))
            let part = Array(bytes[done..<done + count])
            switch observer {
            case .guest:
                do throws(GuestFault) { try guest.write(here, part, guest.encryption(of: here)) } catch {
                    throw .guest(error)
                }
            case .host:
                let system = try self.system(here)
                do throws(HostFault) { try guest.memory.hostWrite(system, part) } catch { throw .host(error) }
            }
            done += count
        }
    }

    public func remap(_ address: GuestAddress, to other: GuestAddress) throws(ObservationError) {
        guard let mapping = guest.pages.mapping(other) else { throw .noMemory(other) }
        guard guest.pages.map(address.start(of: .small), to: mapping.address) else { throw .noMemory(address) }
    }

    private func system(_ address: GuestAddress) throws(ObservationError) -> SystemAddress {
        guard let mapping = guest.pages.mapping(address) else { throw .noMemory(address) }
        return mapping.address.advanced(by: address.offset(in: .small))
    }
}
