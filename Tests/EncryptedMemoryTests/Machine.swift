import EncryptedMemory

/// A machine with two guests that have 2 MiB of shared small pages and 2 MiB of one large page each.
struct Machine {
    let memory: SystemMemory
    let host: MemoryHost
    let guest: Guest
    let other: Guest

    static let large = GuestAddress(2 << 20)

    init(_ protection: MemoryProtection) throws {
        memory = try SystemMemory(protection: protection, byteCount: 64 << 20)
        host = MemoryHost(memory: memory)
        guest = try memory.createGuest(asid: ASID(1), byteCount: 1 << 30)
        other = try memory.createGuest(asid: ASID(2), byteCount: 1 << 30)
        for guest in [guest, other] {
            guard host.populate(guest, GuestAddress(0), pageCount: 512),
                host.populate(guest, Self.large, pageCount: 1, size: .large)
            else { throw Failure() }
        }
    }

    struct Failure: Error {}

    /// Where a guest's page is.
    func system(_ address: GuestAddress, of guest: Guest? = nil) throws -> SystemAddress {
        guard let mapping = (guest ?? self.guest).pages.mapping(address) else { throw Failure() }
        return mapping.address
    }

    /// Makes a page private, as far as the mode has a way to say so, and accepts it.
    func makePrivate(_ address: GuestAddress, _ size: PageSize = .small, of guest: Guest? = nil) throws {
        guard memory.protection.hasReverseMap else { return }
        let guest = guest ?? self.guest
        var buffer = PageStateBuffer([PageStateChange(address, .makePrivate, size: size)]).encoded
        guard host.answer(guest, buffer: &buffer) == 0 else { throw Failure() }
        let validation = try guest.validate(address, size)
        guard validation.result == .success, !validation.isUnchanged else { throw Failure() }
    }

    /// Bytes that nothing else has.
    static let secret = Array("the volume key of this test's guest".utf8)
    static let page = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
}
