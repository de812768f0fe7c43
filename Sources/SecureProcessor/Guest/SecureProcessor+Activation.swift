public import SNPABI

/// Address space identifiers: which key of the memory controller a guest has.
extension SecureProcessor {
    /// The largest one that the processors of the generation have.
    public var highestASID: UInt32 { platform.generation == .milan ? 509 : 1006 }

    /// SNP_ACTIVATE: gives a guest that is in launch, or runs, an address space identifier.
    ///
    /// - Throws: INVALID_GUEST_STATE before the launch, ACTIVE for a guest that has one, INVALID_ASID, ASID_OWNED, and
    ///   DFFLUSH_REQUIRED where another guest had it since the last flush.
    public func activate(_ guest: GuestHandle, asid: UInt32) throws(FirmwareStatus) {
        let context = try context(guest)
        guard context.state != .initial else { throw .invalidGuestState }
        guard context.asid == nil else { throw .active }
        guard (1...highestASID).contains(asid) else { throw .invalidASID }
        guard !activeContexts.contains(where: { $0.asid == asid }) else { throw .asidOwned }
        guard !unflushedASIDs.contains(asid) else { throw .dfFlushRequired }
        context.asid = asid
    }

    /// SNP_DF_FLUSH.
    public func flush() { unflushedASIDs = [] }

    /// SNP_GUEST_STATUS.
    public func status(of guest: GuestHandle) throws(FirmwareStatus) -> GuestStatus {
        let context = try context(guest)
        return GuestStatus(policy: context.policy, asid: context.asid ?? 0, state: context.state.number)
    }

    /// SNP_DBG_DECRYPT and SNP_DBG_ENCRYPT, as far as the firmware decides: what is in the page is the memory's.
    ///
    /// - Throws: INVALID_GUEST_STATE before the launch, POLICY_FAILURE unless the guest's policy allows debugging.
    public func authorizeDebugging(of guest: GuestHandle) throws(FirmwareStatus) {
        let context = try context(guest)
        guard context.state != .initial else { throw .invalidGuestState }
        guard context.policy.has(.debug) else { throw .policyFailure }
    }
}

/// What SNP_GUEST_STATUS answers.
public struct GuestStatus: Equatable, Sendable {
    public let policy: GuestPolicy
    /// 0 where there is none.
    public let asid: UInt32
    /// 0 INIT, 1 LAUNCH, 2 RUNNING.
    public let state: UInt8
}

extension GuestContext.State {
    var number: UInt8 {
        switch self {
        case .initial: 0
        case .launch: 1
        case .running: 2
        }
    }
}
