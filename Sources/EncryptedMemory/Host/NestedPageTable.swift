/// Where the pages of a guest lie in DRAM. It is the host's, which may change it at any time to anything.
///
/// A slot for each 2 MiB says absent, large, or where its 512 small entries are: what is not mapped costs nothing.
public final class NestedPageTable {
    public struct Mapping: Equatable, Sendable {
        public let address: SystemAddress
        public let size: PageSize
        public let isWritable: Bool
    }

    private static let present: UInt64 = 1
    private static let writable: UInt64 = 2
    private static let large: UInt64 = 1 << 7

    private let slots: SparseTable<UInt64>
    private var leaves: [[UInt64]] = []
    /// Those that a large mapping has replaced.
    private var spareLeaves: [Int] = []

    /// Size of the guest's address space, in bytes.
    public var byteCount: UInt64 { UInt64(slots.count) * PageSize.large.byteCount }

    init(byteCount: UInt64) throws(MemoryModelError) {
        slots = try SparseTable.reserve(count: Int(byteCount / PageSize.large.byteCount))
    }

    /// Maps one page; whatever was there is gone. False where an address is not aligned or outside.
    @discardableResult
    public func map(
        _ guest: GuestAddress, to system: SystemAddress, size: PageSize = .small, isWritable: Bool = true
    ) -> Bool {
        guard guest.rawValue < byteCount, guest.isAligned(to: size), system.isAligned(to: size) else { return false }
        let flags = Self.present | (isWritable ? Self.writable : 0)
        switch size {
        case .large:
            let old = slots[slot(guest)]
            if old & (Self.present | Self.large) == Self.present { spareLeaves.append(Int(old >> 12)) }
            slots[slot(guest)] = system.rawValue | flags | Self.large
        case .small: leaves[leaf(guest)][index(guest)] = system.rawValue | flags
        }
        return true
    }

    /// Takes one small page out, also of a large mapping.
    @discardableResult
    public func unmap(_ guest: GuestAddress) -> Bool {
        guard guest.rawValue < byteCount, guest.isAligned(to: .small) else { return false }
        leaves[leaf(guest)][index(guest)] = 0
        return true
    }

    /// Makes 512 small mappings of a large one.
    public func split(_ guest: GuestAddress) {
        if mapping(guest)?.size == .large { _ = leaf(guest) }
    }

    /// Where the 4 KiB page of `guest` is.
    public func mapping(_ guest: GuestAddress) -> Mapping? {
        guard guest.rawValue < byteCount else { return nil }
        let entry = slots[slot(guest)]
        guard entry & Self.present != 0 else { return nil }
        if entry & Self.large != 0 {
            let start = SystemAddress(entry & ~(PageSize.large.byteCount - 1))
            return Mapping(
                address: start.advanced(by: guest.start(of: .small).offset(in: .large)), size: .large,
                isWritable: entry & Self.writable != 0)
        }
        let small = leaves[Int(entry >> 12)][index(guest)]
        guard small & Self.present != 0 else { return nil }
        return Mapping(
            address: SystemAddress(small & ~0xFFF), size: .small, isWritable: small & Self.writable != 0)
    }

    /// The start of the first 2 MiB from `guest` on where anything was ever mapped.
    func nextMapped(_ guest: GuestAddress) -> GuestAddress? {
        guard guest.rawValue < byteCount else { return nil }
        let first = slot(guest)
        guard let found = (first..<slots.count).first(where: { slots[$0] & Self.present != 0 }) else { return nil }
        return found == first ? guest : GuestAddress(UInt64(found) * PageSize.large.byteCount)
    }

    private func slot(_ guest: GuestAddress) -> Int { Int(guest.rawValue / PageSize.large.byteCount) }
    private func index(_ guest: GuestAddress) -> Int { Int(guest.offset(in: .large) >> 12) }

    /// The small entries of these 2 MiB, which say what a large mapping said before.
    private func leaf(_ guest: GuestAddress) -> Int {
        let entry = slots[slot(guest)]
        if entry & Self.present != 0, entry & Self.large == 0 { return Int(entry >> 12) }
        var small = [UInt64](repeating: 0, count: Int(PageSize.large.frameCount))
        if entry & Self.present != 0 {
            for index in small.indices { small[index] = entry & ~Self.large | UInt64(index) << 12 }
        }
        let number = spareLeaves.popLast() ?? leaves.count
        if number < leaves.count { leaves[number] = small } else { leaves.append(small) }
        slots[slot(guest)] = UInt64(number) << 12 | Self.present
        return number
    }
}
