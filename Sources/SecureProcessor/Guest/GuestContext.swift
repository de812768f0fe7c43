internal import SNPABI
internal import Secrets

/// What the firmware knows about one guest.
///
/// Source: AMD 56860, "Guest Context".
final class GuestContext {
    enum State: String, Sendable {
        /// After GCTX_CREATE.
        case initial
        /// From LAUNCH_START on.
        case launch
        /// From LAUNCH_FINISH on.
        case running
    }

    var state = State.initial
    var asid: UInt32?
    var policy = GuestPolicy(rawValue: 0)
    var digest = LaunchDigest()
    /// VMPCK0 to VMPCK3; empty before the launch.
    var messageKeys: [MessageKey] = []
    /// VMRK, of this launch only.
    var migrationRootKey: HeldSecret?
    var reportID: [UInt8] = []
    var launchTCB = TCBVersion(rawValue: 0)
    var launchMitigations: UInt64 = 0
    var desiredTSC: UInt32 = 0
    /// Guest OS visible workarounds, 16 bytes; for the secrets page.
    var workarounds: [UInt8] = []
    /// Once there is one.
    var secretsPage: [UInt8]?
    var identity = GuestIdentity()
    var hostData = [UInt8](repeating: 0, count: 32)
    var isVCEKDisabled = false
}

/// A secret that comes and goes with its owner.
final class HeldSecret {
    let bytes: SecretBytes

    init(_ bytes: consuming SecretBytes) { self.bytes = bytes }
}

/// Who says what the guest is: out of the ID block and its authentication, zeros without them.
struct GuestIdentity {
    var familyID = [UInt8](repeating: 0, count: 16)
    var imageID = [UInt8](repeating: 0, count: 16)
    var guestSVN: UInt32 = 0
    var idKeyDigest = [UInt8](repeating: 0, count: 48)
    /// nil where no author signed the ID key.
    var authorKeyDigest: [UInt8]?
}
