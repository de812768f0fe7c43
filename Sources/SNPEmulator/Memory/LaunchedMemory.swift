internal import EncryptedMemory
internal import SNPABI

/// The memory of a guest after its launch: what was loaded lies in DRAM as the machine keeps it, and under SEV-SNP it is
/// the guest's by the reverse map.
///
/// Only what was loaded is there: the processes of the guest have their memory elsewhere.
struct LaunchedMemory {
    let guest: EncryptedMemory.Guest

    /// Where the registers of the virtual CPUs lie, one page each. KVM keeps them outside of all that the guest can
    /// address; here they have a place above the firmware, so that both sides can look for them.
    static let registers: UInt64 = 1 << 32

    private static let page = PageSize.small.byteCount

    /// - Parameter runs: in the order of the launch; pages that are loaded twice are the later ones.
    init(_ runs: [LaunchPages], _ protection: MemoryProtection) throws(GuestError) {
        let placed = Self.placed(runs)
        var (size, end): (UInt64, UInt64) = (0, 0)
        for run in placed {
            let (last, isTooLarge) = run.address.addingReportingOverflow(UInt64(run.pageCount) * Self.page)
            guard !isTooLarge else { throw .memory("pages at 0x" + String(run.address, radix: 16)) }
            end = max(end, last)
            size += UInt64(run.pageCount) * Self.page
        }
        do throws(MemoryModelError) {
            let memory = try SystemMemory(protection: protection, byteCount: Self.wholeLargePages(size))
            guest = try memory.createGuest(asid: ASID(1), byteCount: Self.wholeLargePages(end))
            let host = MemoryHost(memory: memory)
            for run in placed { try Self.load(run, guest, host) }
        } catch { throw .memory(error.description) }
    }

    private struct Run {
        let address: UInt64
        let pages: LaunchPages
        var pageCount: Int { pages.pageCount }
    }

    /// Each virtual CPU has the same address in the launch.
    private static func placed(_ runs: [LaunchPages]) -> [Run] {
        var next = registers
        return runs.map { run in
            guard run.type == .vmsa else { return Run(address: run.address, pages: run) }
            defer { next += run.byteCount }
            return Run(address: next, pages: run)
        }
    }

    private static func wholeLargePages(_ count: UInt64) -> UInt64 {
        let page = PageSize.large.byteCount
        return (max(count, 1) - 1) / page * page + page
    }

    /// As KVM does it: the host gives a page, makes it the firmware's to change, and the firmware fills it.
    private static func load(
        _ run: Run, _ guest: EncryptedMemory.Guest, _ host: MemoryHost
    ) throws(MemoryModelError) {
        let empty = [UInt8](repeating: 0, count: Int(page))
        let permissions = [run.pages.permissions.vmpl1, run.pages.permissions.vmpl2, run.pages.permissions.vmpl3]
            .map { VMPLPermissions(rawValue: $0) }
        for index in 0..<run.pageCount {
            let address = GuestAddress(run.address + UInt64(index) * page)
            guard host.populate(guest, address, pageCount: 1), let place = guest.pages.mapping(address)?.address else {
                throw .region(address)
            }
            if host.memory.protection.hasReverseMap {
                let update = RMPUpdate(guestAddress: address, asid: guest.asid, isImmutable: true)
                guard host.memory.reverseMap.update(place, update) == .success else { throw .region(address) }
            }
            let start = index * Int(page)
            let contents = run.pages.bytes.map { Array($0[start..<start + Int(page)]) } ?? empty
            do throws(EncryptedMemory.Guest.LaunchRefusal) {
                try guest.launch(address, contents, isVMSA: run.pages.type == .vmsa, permissions: permissions)
            } catch { throw .region(address) }
        }
    }
}
