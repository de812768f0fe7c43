internal import Cryptography

/// Entering and leaving a virtual processor, as far as its registers lie in memory. Source: AMD 24593, sections 15.35
/// and 15.36.
extension Guest {
    /// VMEXIT_INVALID, with the reason that the processor does not tell.
    public enum EntryRefusal: Error, Equatable, Sendable {
        case noMemory
        /// Under SEV-SNP: not a validated page of this guest's with the VMSA attribute.
        case noVMSA
        /// Another processor runs from it.
        case inUse
        /// Under SEV-ES: not what the processor stored there last.
        case integrity
    }

    /// VMRUN: loads the registers from the page that the host names, and holds it until `exit`.
    ///
    /// - Returns: the 4096 bytes of the VMSA; under `none` and `sev` they lie in the clear.
    public func enter(vmsa address: SystemAddress) throws(EntryRefusal) -> [UInt8] {
        guard address.isAligned(to: .small), address.rawValue < memory.byteCount else { throw .noMemory }
        if protection.hasReverseMap {
            let entry = memory.reverseMap.lookup(address)
            guard entry.isAssigned, entry.asid == asid, entry.isValidated, entry.isVMSA, entry.pageSize == .small else {
                throw .noVMSA
            }
        }
        var registers = [UInt8](repeating: 0, count: 4096)
        var span = registers.mutableSpan
        copyOut(address, 0, 4096, into: &span, at: 0, isEncrypted: protection.hasEncryptedState)
        // With the reverse map nobody else writes there, and the guest itself makes new ones.
        if protection == .sevES, memory.stateDigests[address] != digest(of: registers) { throw .integrity }
        guard memory.reverseMap.lock(address) else { throw .inUse }
        return registers
    }

    /// #VMEXIT: stores the registers and lets the page go.
    public func exit(vmsa address: SystemAddress, _ registers: [UInt8]) {
        precondition(registers.count == 4096)
        copyIn(address, 0, registers[...], isEncrypted: protection.hasEncryptedState)
        keepDigest(of: registers, at: address)
        memory.reverseMap.unlock(address)
    }

    func keepDigest(of registers: [UInt8], at address: SystemAddress) {
        if protection == .sevES { memory.stateDigests[address] = digest(of: registers) }
    }

    /// Nil where the hash failed, which equals no digest that was kept: the entry is refused.
    private func digest(of registers: [UInt8]) -> [UInt8]? {
        do throws(CryptographyError) {
            return try DigestAlgorithm.sha256.hash(
                [UInt8(asid.rawValue & 0xFF), UInt8(asid.rawValue >> 8)] + registers)
        } catch { return nil }
    }
}
