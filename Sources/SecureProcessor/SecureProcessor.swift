public import SNPABI

/// One guest, to whoever calls the firmware: the address of its context page on real hardware.
public struct GuestHandle: Hashable, Sendable {
    let number: UInt64
}

/// The emulated AMD Secure Processor: what its SEV-SNP firmware does, for the host and for guests.
///
/// Commands are methods and fail with the firmware's own status. They come one at a time, as through the mailbox of the
/// hardware: who has several threads has a lock.
///
/// Source: AMD 56860, "SEV Secure Nested Paging Firmware ABI Specification".
public final class SecureProcessor {
    let chip: Chip
    public internal(set) var platform: PlatformState
    var vlek: LoadedEndorsementKey? { didSet { signingKey = nil } }
    /// The key that signed last.
    var signingKey: SigningKeyInUse?
    private var contexts: [GuestHandle: GuestContext] = [:]
    private var lastHandle: UInt64 = 0
    /// Address space identifiers that were in use since the last DF_FLUSH.
    var unflushedASIDs: Set<UInt32> = []

    /// - Parameter platform: of the chip's generation.
    public init(chip: consuming Chip, platform: PlatformState) {
        precondition(chip.generation == platform.generation)
        self.chip = chip
        self.platform = platform
    }

    /// SNP_GCTX_CREATE: a guest in state INIT.
    public func createContext() throws(FirmwareStatus) -> GuestHandle {
        lastHandle += 1
        let guest = GuestHandle(number: lastHandle)
        contexts[guest] = GuestContext()
        return guest
    }

    /// SNP_DECOMMISSION: forgets a guest in any state. Its ASID is free after the next DF_FLUSH.
    public func decommission(_ guest: GuestHandle) throws(FirmwareStatus) {
        guard let context = contexts.removeValue(forKey: guest) else { throw .invalidGuest }
        if let asid = context.asid { unflushedASIDs.insert(asid) }
    }

    /// - Throws: INVALID_GUEST for a guest that never was, or is gone.
    func context(_ guest: GuestHandle) throws(FirmwareStatus) -> GuestContext {
        guard let context = contexts[guest] else { throw .invalidGuest }
        return context
    }

    /// - Throws: INVALID_GUEST, or INVALID_GUEST_STATE in another state.
    func context(_ guest: GuestHandle, in state: GuestContext.State) throws(FirmwareStatus) -> GuestContext {
        let context = try context(guest)
        guard context.state == state else { throw .invalidGuestState }
        return context
    }

    var activeContexts: [GuestContext] { contexts.values.filter { $0.asid != nil } }
    var guestCount: UInt32 { UInt32(contexts.count) }
}
