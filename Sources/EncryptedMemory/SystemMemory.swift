internal import Cryptography

/// The DRAM of one machine as its pins carry it, and the reverse map.
///
/// Private pages are ciphertext here. Everything that the host does to memory goes through this type; what guests do
/// goes through `Guest`. Not for two threads at once.
public final class SystemMemory {
    public let protection: MemoryProtection
    /// Size of the DRAM, in bytes.
    public var byteCount: UInt64 { UInt64(dram.count) }
    public let reverseMap: ReverseMap

    let dram: SparseTable<UInt8>
    private var usedASIDs: Set<ASID> = [.host]
    /// Digests of register pages, in memory of the processor's own. Source: AMD 24593, section 15.35.1.
    var stateDigests: [SystemAddress: [UInt8]] = [:]

    private static let largestSize: UInt64 = 1 << 46

    /// - Parameter byteCount: of the DRAM: whole pages of 2 MiB, at most 64 TiB. Only what is written takes memory.
    public init(protection: MemoryProtection, byteCount: UInt64) throws(MemoryModelError) {
        try Self.check(byteCount)
        self.protection = protection
        dram = try SparseTable.reserve(count: Int(byteCount))
        reverseMap = try ReverseMap(frameCount: Int(byteCount >> 12))
    }

    /// Memory that the DRAM takes, in bytes.
    public var residentBytes: UInt64 { dram.residentBytes }

    /// Gives a guest its identifier and a key that nobody else has.
    ///
    /// - Parameter byteCount: Size of the guest's address space, in bytes: whole pages of 2 MiB.
    public func createGuest(asid: ASID, byteCount: UInt64) throws(MemoryModelError) -> Guest {
        try Self.check(byteCount)
        guard asid.rawValue <= ASID.last.rawValue, !usedASIDs.contains(asid) else { throw .asid(asid) }
        let pages = try NestedPageTable(byteCount: byteCount)
        let cipher: TweakedCipher
        do throws(CryptographyError) {
            cipher = try TweakedCipher.create(key: try Random.secret(count: TweakedCipher.keyByteCount))
        } catch { throw .cryptography(error) }
        usedASIDs.insert(asid)
        return Guest(memory: self, asid: asid, pages: pages, cipher: cipher)
    }

    func release(_ asid: ASID) { usedASIDs.remove(asid) }

    /// What the host reads at an address: of private pages, ciphertext.
    public func hostRead(_ address: SystemAddress, count: Int) throws(HostFault) -> [UInt8] {
        // Before any memory is taken for them.
        _ = try range(address, count)
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        try hostRead(address, into: &span)
        return bytes
    }

    /// As before, into bytes of the caller's.
    public func hostRead(_ address: SystemAddress, into bytes: inout MutableSpan<UInt8>) throws(HostFault) {
        let range = try range(address, bytes.count)
        dram.withSpan(range) { bytes.copy($0, at: 0) }
    }

    /// The host writes.
    ///
    /// - Throws: `.reverseMap` under SEV-SNP where one of the pages is not the hypervisor's; nothing is written then.
    public func hostWrite(_ address: SystemAddress, _ bytes: [UInt8]) throws(HostFault) {
        let range = try range(address, bytes.count)
        guard !range.isEmpty else { return }
        if protection.hasReverseMap {
            for frame in address.frame...UInt64(range.upperBound - 1) >> 12 {
                let page = SystemAddress(frame << 12)
                if reverseMap.lookup(page).isAssigned { throw .reverseMap(page) }
            }
        }
        dram.withMutableSpan(range) { $0.copy(bytes.span, at: 0) }
    }

    private func range(_ address: SystemAddress, _ count: Int) throws(HostFault) -> Range<Int> {
        guard count >= 0, address.rawValue <= byteCount, UInt64(count) <= byteCount - address.rawValue else {
            throw .noMemory(address)
        }
        return Int(address.rawValue)..<Int(address.rawValue) + count
    }

    private static func check(_ byteCount: UInt64) throws(MemoryModelError) {
        guard byteCount > 0, byteCount % PageSize.large.byteCount == 0, byteCount <= largestSize else {
            throw .size(byteCount)
        }
    }
}
