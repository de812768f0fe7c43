internal import BoundedBytes

/// The reverse map table: for each 4 KiB of DRAM, whose page it is. The host changes it by instructions only.
///
/// An entry of a 2 MiB page covers all of its 512 frames. Hardware has it at the first frame; here these entries have a
/// table of their own, so that a guest of large pages costs a 512th of one of small pages. Source: AMD 24593, section
/// 15.36.3.
public final class ReverseMap {
    private let entries: SparseTable<RMPEntry>
    private let largeEntries: SparseTable<RMPEntry>
    /// How many small pages are assigned in each 2 MiB.
    private let assignedCounts: SparseTable<UInt16>
    /// Frames that a processor or the firmware uses at this moment.
    private var busyFrames = Set<UInt64>()

    /// - Parameter frameCount: a whole number of 2 MiB pages.
    init(frameCount: Int) throws(MemoryModelError) {
        let largeCount = frameCount / Int(PageSize.large.frameCount)
        entries = try SparseTable.reserve(count: frameCount)
        largeEntries = try SparseTable.reserve(count: largeCount)
        assignedCounts = try SparseTable.reserve(count: largeCount)
    }

    /// Memory that the table takes, in bytes.
    public var residentBytes: UInt64 {
        entries.residentBytes + largeEntries.residentBytes + assignedCounts.residentBytes
    }

    func covers(_ address: SystemAddress) -> Bool { address.frame < UInt64(entries.count) }

    /// Which 2 MiB the address is in.
    private static func region(_ address: SystemAddress) -> Int { Int(address.frame / PageSize.large.frameCount) }

    /// The entry that counts for the page at `address`, with the guest address of that very page.
    func lookup(_ address: SystemAddress) -> RMPEntry {
        var entry = largeEntries[Self.region(address)]
        guard entry.isAssigned else { return entries[Int(address.frame)] }
        entry.guestAddress = entry.guestAddress.advanced(by: address.start(of: .small).offset(in: .large))
        return entry
    }

    /// Changes the entry that counts for the page at `address`: of a large page, that of all of it.
    func change(_ address: SystemAddress, _ body: (inout RMPEntry) -> Void) {
        var entry = largeEntries[Self.region(address)]
        if entry.isAssigned {
            body(&entry)
            largeEntries[Self.region(address)] = entry
        } else {
            entry = entries[Int(address.frame)]
            body(&entry)
            entries[Int(address.frame)] = entry
        }
    }

    func isBusy(_ address: SystemAddress, _ size: PageSize) -> Bool {
        if busyFrames.isEmpty { return false }
        let first = address.start(of: size).frame
        return busyFrames.contains { $0 >= first && $0 < first + size.frameCount }
    }

    /// Takes a page for a processor that runs from it, or for the firmware; false where somebody has it.
    func lock(_ address: SystemAddress) -> Bool { busyFrames.insert(address.frame).inserted }
    func unlock(_ address: SystemAddress) { busyFrames.remove(address.frame) }

    /// RMPUPDATE: assigns a page to a guest or to the firmware, or takes it back. Clears Validated, VMSA and all
    /// permissions of VMPL 1 to 3.
    ///
    /// - Returns: `failInput` for an address or a combination that there is not, `failOverlap` where a page of the
    ///   other size stands there, `failPermission` for an immutable page, `failInUse` for one that is in use.
    public func update(_ address: SystemAddress, _ update: RMPUpdate) -> RMPResult {
        let size = update.pageSize
        guard covers(address), address.isAligned(to: size), update.guestAddress.isAligned(to: size),
            update.guestAddress.rawValue < GuestAddress.limit, update.asid.rawValue <= ASID.last.rawValue,
            update.isAssigned || (update.asid == .host && !update.isImmutable && update.guestAddress.rawValue == 0),
            update.asid != .host || update.guestAddress.rawValue == 0
        else { return .failInput }
        let region = Self.region(address)
        if size == .small ? largeEntries[region].isAssigned : assignedCounts[region] > 0 { return .failOverlap }
        let entry = RMPEntry(update)
        let old = size == .small ? entries[Int(address.frame)] : largeEntries[region]
        if old.isImmutable { return .failPermission }
        if isBusy(address, size) { return .failInUse }
        switch size {
        case .large: largeEntries[region] = entry
        case .small:
            entries[Int(address.frame)] = entry
            if old.isAssigned != entry.isAssigned {
                assignedCounts[region] = entry.isAssigned ? assignedCounts[region] + 1 : assignedCounts[region] - 1
            }
        }
        return .success
    }

    /// PSMASH: makes 512 small pages of one large page, which keep what was said of it.
    public func smash(_ address: SystemAddress) -> RMPResult {
        guard covers(address), address.isAligned(to: .large) else { return .failInput }
        let region = Self.region(address)
        var entry = largeEntries[region]
        guard entry.isAssigned else { return .failInput }
        if entry.isImmutable { return .failPermission }
        if isBusy(address, .large) { return .failInUse }
        entry.pageSize = .small
        let start = entry.guestAddress
        for index in 0..<PageSize.large.frameCount {
            entry.guestAddress = start.advanced(by: index * PageSize.small.byteCount)
            entries[Int(address.frame + index)] = entry
        }
        largeEntries[region] = RMPEntry()
        assignedCounts[region] = UInt16(PageSize.large.frameCount)
        return .success
    }

    /// RMPREAD: what the host may know of an entry; nil where the table has none.
    public func read(_ address: SystemAddress) -> RMPReading? {
        guard covers(address) else { return nil }
        let entry = lookup(address)
        return RMPReading(
            guestAddress: entry.guestAddress, isAssigned: entry.isAssigned, pageSize: entry.pageSize,
            hasAssignedFrame: largeEntries[Self.region(address)].isAssigned
                || assignedCounts[Self.region(address)] > 0, isImmutable: entry.isImmutable,
            asid: entry.asid)
    }
}

/// The answer of RMPREAD. Source: Linux, arch/x86/include/asm/sev.h.
public struct RMPReading: Equatable, Sendable {
    public let guestAddress: GuestAddress
    public let isAssigned: Bool
    public let pageSize: PageSize
    /// HPAGE_REGION_STATUS: some page of these 2 MiB is assigned.
    public let hasAssignedFrame: Bool
    public let isImmutable: Bool
    public let asid: ASID

    /// The 16 bytes that the instruction writes.
    public var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(guestAddress.rawValue)
        writer.append([isAssigned ? 1 : 0, pageSize.rawValue | (hasAssignedFrame ? 2 : 0), isImmutable ? 1 : 0, 0])
        writer.littleEndian(UInt32(asid.rawValue))
        return writer.bytes
    }
}
