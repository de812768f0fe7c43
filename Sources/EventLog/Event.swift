/// One record of a log. What it holds stays in the log's own bytes; this says where.
public struct Event: Equatable, Sendable {
    /// Its place in the log, from 0.
    public let index: Int
    /// Where the record starts, in bytes from the start of the log.
    public let offset: Int
    /// 0 to 23; `unboundPCR` for a record that belongs to none.
    public let pcr: UInt32
    public let type: EventType
    /// The event data, in bytes from the start of the log.
    public let data: Range<Int>
    /// Where the digests lie: each with its algorithm before it, or one bare SHA-1 in a record of the old form.
    let digests: Range<Int>
    let hasBareDigest: Bool

    /// The PCR field of EV_NO_ACTION records that are about no PCR: Windows' key records, and SP800-155 events.
    public static let unboundPCR: UInt32 = 0xFFFF_FFFF

    /// EV_NO_ACTION informs and is never extended, whatever its digest.
    public var isExtended: Bool { type != .noAction }
}
