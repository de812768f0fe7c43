/// Which key the AMD secure processor derives as second factor: the choices of MSG_KEY_REQ.
///
/// Source: AMD SEV-SNP ABI (56860), section 7.2, tables 18 and 19.
public struct DerivedKeySelection: Equatable, Sendable {
    /// The key that it is derived from.
    public enum RootKey: String, Sendable {
        /// Of this chip (or its provider, by VLEK) at its reported TCB.
        case chip = "vcek"
        /// Of this guest, as its migration agent gives it.
        case migration = "vmrk"
    }

    /// What is mixed in: the bits of GUEST_FIELD_SELECT, lowest first.
    public enum Field: String, CaseIterable, Sendable {
        case policy
        case imageID = "image-id"
        case familyID = "family-id"
        case measurement
        case guestSVN = "guest-svn"
        case tcbVersion = "tcb-version"
        case launchMitigations = "launch-mit-vector"
    }

    public var rootKey: RootKey
    /// In the order of the bits, each once.
    public var fields: [Field]
    /// 0 to 3; not lower than the caller's.
    public var vmpl: Int
    public var guestSVN: UInt32
    /// TCB_VERSION as the report has it.
    public var tcbVersion: UInt64

    public init(rootKey: RootKey, fields: [Field], vmpl: Int, guestSVN: UInt32, tcbVersion: UInt64) {
        self.rootKey = rootKey
        self.fields = fields
        self.vmpl = vmpl
        self.guestSVN = guestSVN
        self.tcbVersion = tcbVersion
    }
}
