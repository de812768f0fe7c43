/// What the reverse map says of one page, in the 16 bytes that it takes.
///
/// The low half is as Zen 3 and 4 lay it out; the order of the permissions in the high half is not published, and here
/// it is one byte a VMPL. Source: AMD 24593, section 15.36; Linux, arch/x86/virt/svm/sev.c.
public struct RMPEntry: Equatable, Sendable, BitwiseCopyable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// A page of the hypervisor's, as all are at first.
    public init() {}

    /// A page that RMPUPDATE has just assigned: not validated, and VMPL 0 alone may use it.
    init(_ update: RMPUpdate) {
        guard update.isAssigned else { return }
        low =
            1 | UInt64(update.pageSize.rawValue) << 1 | (update.isImmutable ? 1 << 2 : 0)
            | update.guestAddress.rawValue & Self.addressMask | UInt64(update.asid.rawValue) << 51
        self[.vmpl0] = .all
    }

    private static let addressMask: UInt64 = (1 << 51) - (1 << 12)

    /// The page belongs to a guest or to the firmware, not to the hypervisor.
    public var isAssigned: Bool { low & 1 != 0 }

    public internal(set) var pageSize: PageSize {
        get { low >> 1 & 1 == 0 ? .small : .large }
        set { low = low & ~2 | UInt64(newValue.rawValue) << 1 }
    }

    /// Only firmware may change the entry.
    public internal(set) var isImmutable: Bool {
        get { low >> 2 & 1 != 0 }
        set { low = low & ~4 | (newValue ? 4 : 0) }
    }

    public internal(set) var guestAddress: GuestAddress {
        get { GuestAddress(low & Self.addressMask) }
        set { low = low & ~Self.addressMask | newValue.rawValue & Self.addressMask }
    }

    public var asid: ASID { ASID(UInt16(low >> 51 & 0x3FF)) }

    /// The page holds the registers of a virtual processor.
    public internal(set) var isVMSA: Bool {
        get { low >> 61 & 1 != 0 }
        set { low = low & ~(1 << 61) | (newValue ? 1 << 61 : 0) }
    }

    /// The guest has accepted the page at its address.
    public internal(set) var isValidated: Bool {
        get { low >> 62 & 1 != 0 }
        set { low = low & ~(1 << 62) | (newValue ? 1 << 62 : 0) }
    }

    public internal(set) subscript(vmpl: VMPL) -> VMPLPermissions {
        get { VMPLPermissions(rawValue: UInt8(truncatingIfNeeded: high >> (8 * UInt64(vmpl.rawValue)))) }
        set {
            let shift = 8 * UInt64(vmpl.rawValue)
            high = high & ~(0xFF << shift) | UInt64(newValue.rawValue) << shift
        }
    }
}

/// What the host asks RMPUPDATE for.
public struct RMPUpdate: Equatable, Sendable {
    public var guestAddress: GuestAddress
    public var asid: ASID
    public var pageSize: PageSize
    public var isAssigned: Bool
    public var isImmutable: Bool

    public init(
        guestAddress: GuestAddress = GuestAddress(0), asid: ASID = .host, pageSize: PageSize = .small,
        isAssigned: Bool = true, isImmutable: Bool = false
    ) {
        self.guestAddress = guestAddress
        self.asid = asid
        self.pageSize = pageSize
        self.isAssigned = isAssigned
        self.isImmutable = isImmutable
    }

    /// Gives the page back to the hypervisor.
    public static func hypervisor(_ pageSize: PageSize = .small) -> RMPUpdate {
        RMPUpdate(pageSize: pageSize, isAssigned: false)
    }
}

/// What the instructions on the reverse map leave in EAX. Source: AMD 24594.
public enum RMPResult: UInt32, Sendable {
    case success = 0
    case failInput = 1
    case failPermission = 2
    case failInUse = 3
    case failOverlap = 4
    case failSizeMismatch = 6
}
