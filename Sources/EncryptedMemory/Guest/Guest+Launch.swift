/// What the AMD-SP does to a guest's memory while it launches. Source: AMD 56860, SNP_LAUNCH_UPDATE; 55766 for SEV.
extension Guest {
    /// Why the firmware does not touch a page.
    public enum LaunchRefusal: Error, Equatable, Sendable {
        /// INVALID_ADDRESS: nothing is mapped there, or not 4096 bytes at the start of a page.
        case invalidAddress
        /// INVALID_PAGE_STATE: under SEV-SNP the host must have made it a pre-guest page.
        case invalidPageState
        /// INVALID_PAGE_OWNER: it is prepared for another guest or address.
        case invalidPageOwner
    }

    /// Encrypts a page of the initial memory in place; under SEV-SNP it is the guest's then, validated.
    ///
    /// - Parameters:
    ///   - contents: 4096 bytes.
    ///   - permissions: of VMPL 1, 2 and 3.
    public func launch(
        _ address: GuestAddress, _ contents: [UInt8], isVMSA: Bool = false,
        permissions: [VMPLPermissions] = [[], [], []]
    ) throws(LaunchRefusal) {
        guard contents.count == 4096, address.isAligned(to: .small), permissions.count == 3,
            let system = pages.mapping(address)?.address, system.rawValue < memory.byteCount
        else { throw .invalidAddress }
        if protection.hasReverseMap {
            let entry = memory.reverseMap.lookup(system)
            guard entry.isAssigned, entry.isImmutable, !entry.isValidated, entry.pageSize == .small else {
                throw .invalidPageState
            }
            guard entry.asid == asid, entry.guestAddress == address else { throw .invalidPageOwner }
        }
        let isEncrypted = protection.isEncrypting && (!isVMSA || protection.hasEncryptedState)
        copyIn(system, 0, contents[...], isEncrypted: isEncrypted)
        if isVMSA { keepDigest(of: contents, at: system) }
        guard protection.hasReverseMap else { return }
        memory.reverseMap.change(system) { entry in
            entry.isImmutable = false
            entry.isValidated = true
            entry.isVMSA = isVMSA
            for (vmpl, allowed) in zip([VMPL.vmpl1, .vmpl2, .vmpl3], permissions) { entry[vmpl] = allowed }
        }
    }
}
