internal import SNPABI

/// The rules for a genuine report, as `AttestationPolicy` has them. A list that is nil accepts any value.
public struct ReportRules: Equatable, Sendable {
    var measurements: [[UInt8]]?
    var idKeys: [[UInt8]]?
    var authorKeys: [[UInt8]]?
    var familyIDs: [[UInt8]]?
    var imageIDs: [[UInt8]]?
    var minimumGuestSVN: UInt32 = 0
    /// Of the one who asked for the report.
    public internal(set) var vmpl: UInt32 = 0
    var minimumTCBs: [MinimumTCB] = []
    var guestPolicy = BitRules(
        refused: GuestPolicy.Flag.debug.mask | GuestPolicy.Flag.migrationAgent.mask, required: 0)
    var platformInfo = BitRules(refused: 0, required: 0)
    var hostData: [[UInt8]]?
    var chips: [[UInt8]]?
    var signers: [EndorsementKey]?
    var cspIDs: [String]?

    /// The bits that must be zero, and those that must be one.
    struct BitRules: Equatable, Sendable {
        var refused: UInt64
        var required: UInt64
    }

    /// The least levels of one generation.
    struct MinimumTCB: Equatable, Sendable {
        let generation: ProcessorGeneration
        let levels: [Level]
    }

    struct Level: Equatable, Sendable {
        let name: TCBName
        let tcb: TCBVersion
    }
}
