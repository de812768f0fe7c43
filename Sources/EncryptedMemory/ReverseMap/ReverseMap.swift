internal import BoundedBytes

/// The reverse map table: for each 4 KiB of DRAM, whose page it is. The host changes it by instructions only.
///
/// An entry of a 2 MiB page stands at the page's first frame and covers all 512; the others are zero. Source: AMD 24593,
/// section 15.36.3.
public final class ReverseMap {
    private let entries: SparseTable<RMPEntry>
    /// Frames that a processor or the firmware uses at this moment.
    private var busyFrames = Set<UInt64>()

    init(frameCount: Int) throws(MemoryModelError) { entries = try SparseTable.reserve(count: frameCount) }

    /// Memory that the table takes, in bytes.
    public var residentBytes: UInt64 { entries.residentBytes }

    func covers(_ address: SystemAddress) -> Bool { address.frame < UInt64(entries.count) }

    /// The entry that counts for the page at `address`, with the guest address of that very page.
    func lookup(_ address: SystemAddress) -> RMPEntry {
        // Where a small page is assigned there is no large one around it: the other entry need not be read.
        let own = entries[Int(address.frame)]
        if own.isAssigned, own.pageSize == .small { return own }
        let base = entries[Int(address.start(of: .large).frame)]
        guard base.isAssigned, base.pageSize == .large else { return own }
        var entry = base
        entry.guestAddress = base.guestAddress.advanced(by: address.start(of: .small).offset(in: .large))
        return entry
    }

    /// Changes the entry that counts for the page at `address`: of a large page, that of all of it.
    func change(_ address: SystemAddress, _ body: (inout RMPEntry) -> Void) {
        let base = Int(address.start(of: .large).frame)
        let first = entries[base]
        let index = first.isAssigned && first.pageSize == .large ? base : Int(address.frame)
        var entry = entries[index]
        body(&entry)
        entries[index] = entry
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
        let base = entries[Int(address.start(of: .large).frame)]
        let isLarge = base.isAssigned && base.pageSize == .large
        if size == .small ? isLarge : !isLarge && hasAssignedFrame(address) { return .failOverlap }
        let index = Int(address.frame)
        if entries[index].isImmutable { return .failPermission }
        if isBusy(address, size) { return .failInUse }
        entries[index] = RMPEntry(update)
        return .success
    }

    /// PSMASH: makes 512 small pages of one large page, which keep what was said of it.
    public func smash(_ address: SystemAddress) -> RMPResult {
        guard covers(address), address.isAligned(to: .large) else { return .failInput }
        let first = Int(address.frame)
        var entry = entries[first]
        guard entry.isAssigned, entry.pageSize == .large else { return .failInput }
        if entry.isImmutable { return .failPermission }
        if isBusy(address, .large) { return .failInUse }
        entry.pageSize = .small
        let start = entry.guestAddress
        for index in 0..<Int(PageSize.large.frameCount) {
            entry.guestAddress = start.advanced(by: UInt64(index) * PageSize.small.byteCount)
            entries[first + index] = entry
        }
        return .success
    }

    /// RMPREAD: what the host may know of an entry; nil where the table has none.
    public func read(_ address: SystemAddress) -> RMPReading? {
        guard covers(address) else { return nil }
        let entry = lookup(address)
        return RMPReading(
            guestAddress: entry.guestAddress, isAssigned: entry.isAssigned, pageSize: entry.pageSize,
            hasAssignedFrame: hasAssignedFrame(address.start(of: .large)), isImmutable: entry.isImmutable,
            asid: entry.asid)
    }

    /// Whether any small page from a large page's start on is somebody's.
    private func hasAssignedFrame(_ address: SystemAddress) -> Bool {
        let first = Int(address.frame)
        return (first..<min(first + Int(PageSize.large.frameCount), entries.count)).contains { entries[$0].isAssigned }
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
