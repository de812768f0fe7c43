internal import Cryptography

/// Whether an access has the C-bit.
public enum Encryption: Sendable {
    case `private`, shared
}

public enum AccessKind: Sendable {
    case read, write, userExecute, supervisorExecute

    var permission: VMPLPermissions {
        switch self {
        case .read: .read
        case .write: .write
        case .userExecute: .userExecute
        case .supervisorExecute: .supervisorExecute
        }
    }

    var faultBits: NestedFaultBits {
        switch self {
        case .read: []
        case .write: .write
        case .userExecute: [.fetch, .user]
        case .supervisorExecute: .fetch
        }
    }
}

/// One guest: its identifier, its key, its nested page table, and what its processors do to memory.
public final class Guest {
    public let asid: ASID
    /// The host's table of where this guest's pages are. The host may change it at any time.
    public let pages: NestedPageTable
    /// Frames whose C-bit is clear in the guest's own page tables.
    private var sharedFrames = Set<UInt64>()
    let memory: SystemMemory
    let cipher: TweakedCipher

    init(memory: SystemMemory, asid: ASID, pages: NestedPageTable, cipher: consuming TweakedCipher) {
        self.memory = memory
        self.asid = asid
        self.pages = pages
        self.cipher = cipher
    }

    deinit { memory.release(asid) }

    public var protection: MemoryProtection { memory.protection }

    /// Sets or clears the C-bit in the guest's own page tables. At first it is set everywhere.
    public func setEncryption(_ encryption: Encryption, _ address: GuestAddress, frameCount: UInt64 = 1) {
        for frame in address.frame..<address.frame + frameCount {
            if encryption == .shared { sharedFrames.insert(frame) } else { sharedFrames.remove(frame) }
        }
    }

    /// How the guest itself accesses a page.
    public func encryption(of address: GuestAddress) -> Encryption {
        sharedFrames.contains(address.frame) ? .shared : .private
    }

    /// Reads bytes that may span pages.
    ///
    /// - Throws: the fault of the first page that does not let it.
    public func read(
        _ address: GuestAddress, count: Int, _ encryption: Encryption = .private, vmpl: VMPL = .vmpl0,
        kind: AccessKind = .read
    ) throws(GuestFault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(count, 0))
        var span = bytes.mutableSpan
        try read(address, into: &span, encryption, vmpl: vmpl, kind: kind)
        return bytes
    }

    /// As before, into bytes of the caller's: whole pages are decrypted straight into them.
    public func read(
        _ address: GuestAddress, into bytes: inout MutableSpan<UInt8>, _ encryption: Encryption = .private,
        vmpl: VMPL = .vmpl0, kind: AccessKind = .read
    ) throws(GuestFault) {
        var done = 0
        while done < bytes.count {
            let here = address.advanced(by: UInt64(done))
            let system = try check(here, encryption, kind, vmpl: vmpl)
            let offset = Int(here.offset(in: .small))
            let count = min(bytes.count - done, 4096 - offset)
            copyOut(system, offset, count, into: &bytes, at: done, isEncrypted: isEncrypted(encryption))
            done += count
        }
    }

    /// Writes bytes that may span pages; the pages before one that faults are written.
    public func write(
        _ address: GuestAddress, _ bytes: [UInt8], _ encryption: Encryption = .private, vmpl: VMPL = .vmpl0
    ) throws(GuestFault) {
        var done = 0
        while done < bytes.count {
            let here = address.advanced(by: UInt64(done))
            let system = try check(here, encryption, .write, vmpl: vmpl)
            let offset = Int(here.offset(in: .small))
            let count = min(bytes.count - done, 4096 - offset)
            copyIn(system, offset, bytes[done..<done + count], isEncrypted: isEncrypted(encryption))
            done += count
        }
    }

    /// Where an access to one address leads, as the page walk and the reverse map let it.
    ///
    /// The order of the checks is the processor's. Source: AMD 24593, section 15.36.10.
    /// - Returns: the start of the 4 KiB page in DRAM.
    @discardableResult
    public func check(
        _ address: GuestAddress, _ encryption: Encryption, _ kind: AccessKind, vmpl: VMPL = .vmpl0
    ) throws(GuestFault) -> SystemAddress {
        let bits: NestedFaultBits = encryption == .private ? [kind.faultBits, .encrypted] : kind.faultBits
        let page = address.start(of: .small)
        guard let mapping = pages.mapping(page) else { throw .nestedPageFault(address, [bits, .finalAddress]) }
        guard mapping.isWritable || kind != .write, mapping.address.rawValue < memory.byteCount else {
            throw .nestedPageFault(address, [bits, .finalAddress, .present])
        }
        guard memory.protection.hasReverseMap else { return mapping.address }
        let entry = memory.reverseMap.lookup(mapping.address)
        let mismatch = GuestFault.nestedPageFault(address, [bits, .finalAddress, .present, .reverseMap])
        if encryption == .shared {
            // What others own may be read, as ciphertext, but not written.
            if kind == .write, entry.isAssigned { throw mismatch }
            return mapping.address
        }
        guard entry.isAssigned, entry.asid == asid, entry.guestAddress == page, !entry.isImmutable,
            mapping.size == .small || entry.pageSize == .large
        else { throw mismatch }
        guard entry.isValidated else { throw .notValidated(address) }
        guard entry[vmpl].contains(kind.permission) else {
            throw .nestedPageFault(address, [bits, .finalAddress, .present, .reverseMap, .vmpl])
        }
        return mapping.address
    }

    private func isEncrypted(_ encryption: Encryption) -> Bool { encryption == .private && protection.isEncrypting }
}
