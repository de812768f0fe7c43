/// The instructions that a guest has for the reverse map. Source: AMD 24594, PVALIDATE, RMPADJUST, RMPQUERY.
extension Guest {
    /// What PVALIDATE leaves in EAX and in the carry flag.
    public struct Validation: Equatable, Sendable {
        public let result: RMPResult
        /// CF: Validated was so already. A guest that accepts memory for the first time must take it as an attack.
        public let isUnchanged: Bool
    }

    /// PVALIDATE: accepts a page at this address, or gives it up.
    ///
    /// - Throws: `.invalidOpcode` without SEV-SNP, `.generalProtection` at a VMPL other than 0, `.nestedPageFault`
    ///   where the page is not this guest's at this address, or is part of a larger one.
    public func validate(
        _ address: GuestAddress, _ size: PageSize = .small, to isValidated: Bool = true, vmpl: VMPL = .vmpl0
    ) throws(GuestFault) -> Validation {
        guard protection.hasReverseMap else { throw .invalidOpcode }
        guard vmpl == .vmpl0 else { throw .generalProtection }
        guard address.isAligned(to: size) else { return Validation(result: .failInput, isUnchanged: false) }
        let (system, entry) = try ownPage(address, write: true)
        if let problem = try sizeProblem(address, size, entry) {
            return Validation(result: problem, isUnchanged: false)
        }
        let isUnchanged = entry.isValidated == isValidated
        memory.reverseMap.change(system) { $0.isValidated = isValidated }
        return Validation(result: .success, isUnchanged: isUnchanged)
    }

    /// RMPADJUST: says what a less privileged VMPL may do with a page; at VMPL 0 also whether it is a VMSA.
    ///
    /// - Returns: `failInput` for a VMPL that there is not, an address of the wrong alignment or a large VMSA,
    ///   `failPermission` for a VMPL that is not less privileged or permissions that the caller lacks.
    public func adjust(
        _ address: GuestAddress, _ size: PageSize = .small, target: UInt8, permissions: VMPLPermissions,
        isVMSA: Bool = false, vmpl: VMPL = .vmpl0
    ) throws(GuestFault) -> RMPResult {
        guard protection.hasReverseMap else { throw .invalidOpcode }
        guard let target = VMPL(rawValue: target), address.isAligned(to: size), permissions.isSubset(of: .all),
            size == .small || !isVMSA
        else { return .failInput }
        guard target.rawValue > vmpl.rawValue else { return .failPermission }
        let (system, entry) = try ownPage(address, write: true)
        guard entry.isValidated else { throw .notValidated(address) }
        if let problem = try sizeProblem(address, size, entry) { return problem }
        guard entry[vmpl].isSuperset(of: permissions) else { return .failPermission }
        if memory.reverseMap.isBusy(system.start(of: size), size) { return .failInUse }
        memory.reverseMap.change(system) {
            $0[target] = permissions
            if vmpl == .vmpl0 { $0.isVMSA = isVMSA }
        }
        return .success
    }

    /// What RMPQUERY tells.
    public struct PageQuery: Equatable, Sendable {
        public let permissions: VMPLPermissions
        public let pageSize: PageSize
        public let isVMSA: Bool
    }

    /// RMPQUERY: what a VMPL may do with a page, for those that are not more privileged than it.
    ///
    /// - Returns: a result in place of an answer: `failInput` for a VMPL that there is not, `failPermission` for one
    ///   more privileged than the caller.
    public func query(
        _ address: GuestAddress, target: UInt8, vmpl: VMPL = .vmpl0
    ) throws(GuestFault) -> Result<PageQuery, RMPRefusal> {
        guard protection.hasReverseMap else { throw .invalidOpcode }
        guard let target = VMPL(rawValue: target) else { return .failure(RMPRefusal(.failInput)) }
        guard target.rawValue >= vmpl.rawValue else { return .failure(RMPRefusal(.failPermission)) }
        let (_, entry) = try ownPage(address, write: false)
        guard entry.isValidated else { throw .notValidated(address) }
        return .success(
            PageQuery(permissions: entry[target], pageSize: entry.pageSize, isVMSA: entry.isVMSA))
    }

    /// The page behind an address, where it is this guest's there, validated or not.
    private func ownPage(_ address: GuestAddress, write: Bool) throws(GuestFault) -> (SystemAddress, RMPEntry) {
        let bits: NestedFaultBits = write ? [.encrypted, .finalAddress, .write] : [.encrypted, .finalAddress]
        let page = address.start(of: .small)
        guard let mapping = pages.mapping(page) else { throw .nestedPageFault(address, bits) }
        guard memory.reverseMap.covers(mapping.address) else {
            throw .nestedPageFault(address, [bits, .present])
        }
        let entry = memory.reverseMap.lookup(mapping.address)
        guard entry.isAssigned, entry.asid == asid, entry.guestAddress == page, !entry.isImmutable else {
            throw .nestedPageFault(address, [bits, .present, .reverseMap])
        }
        return (mapping.address, entry)
    }

    /// A large page of the instruction on small ones is told by the result; a small one of the instruction in a large
    /// page ends the guest's turn, so that the hypervisor can PSMASH it.
    private func sizeProblem(
        _ address: GuestAddress, _ size: PageSize, _ entry: RMPEntry
    ) throws(GuestFault) -> RMPResult? {
        switch (size, entry.pageSize) {
        case (.large, .small): return .failSizeMismatch
        case (.small, .large):
            throw .nestedPageFault(address, [.encrypted, .finalAddress, .present, .reverseMap, .sizeMismatch])
        default: return nil
        }
    }
}

/// A result of an instruction that has no answer then.
public struct RMPRefusal: Error, Equatable, Sendable {
    public let result: RMPResult
    init(_ result: RMPResult) { self.result = result }
}
