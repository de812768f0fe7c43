internal import BoundedBytes
internal import EventLog

/// What a cheating host does to the event log of the guest's boot, before the guest's kernel hands it out.
public enum LogAttack: String, CaseIterable, Sendable {
    case retype = "retype-event"
    case reorder = "reorder-events"
    case truncate = "truncate-log"
    case empty = "empty-log"
    case extend = "extend-log"
    case flipDigest = "flip-event-digest"

    /// One line: what the host does.
    public var summary: String {
        switch self {
        case .retype: "says of the last program that was started that it is a text of the boot loader's"
        case .reorder: "exchanges the last program that was started and the one before it in the event log"
        case .truncate: "leaves the last event out of the event log"
        case .empty: "hands out an event log without events"
        case .extend: "repeats the last event at the end of the event log"
        case .flipDigest: "flips a bit of the SHA-256 digest of the last program in the event log"
        }
    }

    /// One line: what must come of it.
    public var outcome: String {
        switch self {
        case .empty: "the unlock ends with 65: the log is malformed"
        case .retype: "the unlock ends with 77: the event is named that does not belong there"
        default: "the unlock ends with 77: the PCR is named that the log does not lead to"
        }
    }

    /// The log as the host hands it out; as it is where nothing in it can be changed so.
    ///
    /// Source: TCG PC Client Platform Firmware Profile 1.06, section 10.2.2: an event begins with its PCR and its type, four
    /// bytes each, and the count of its digests.
    public func changed(_ bytes: [UInt8]) -> [UInt8] {
        if self == .empty { return [] }
        let log: EventLog
        do throws(EventLogError) { log = try EventLog(parsing: bytes) } catch { return bytes }
        let programs = log.events.filter { $0.type == .bootServicesApplication }
        guard let final = log.events.last, let program = programs.last, programs.count > 1 else { return bytes }
        let record = { (event: Event) in event.offset..<event.data.upperBound }
        var changed = bytes
        switch self {
        case .empty: break
        case .retype: changed.replaceSubrange(program.offset + 4..<program.offset + 8, with: [0x0D, 0, 0, 0])
        case .reorder:
            let other = programs[programs.count - 2]
            let between = bytes[other.data.upperBound..<program.offset]
            changed.replaceSubrange(
                other.offset..<program.data.upperBound, with: bytes[record(program)] + between + bytes[record(other)])
        case .truncate: changed.removeSubrange(record(final))
        case .extend: changed.insert(contentsOf: bytes[record(final)], at: final.data.upperBound)
        case .flipDigest:
            let sha256 = log.banks.first { $0.name == "sha256" }
            guard let digest = sha256.flatMap({ log.digest(of: program, in: $0) }) else { return bytes }
            changed[digest.startIndex] ^= 1
        }
        return changed
    }
}
