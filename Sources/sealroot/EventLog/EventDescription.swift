internal import BoundedBytes
internal import EventLog
internal import JSON

/// One event in words and as JSON.
struct EventDescription {
    private let log: EventLog
    private let event: Event
    private let content: EventContent

    /// Longest text that is printed, in bytes.
    private static let longest = 4096
    /// The same in JSON, in characters; of each byte of a hostile log JSON makes six, and json-c and we hold copies.
    private static let longestJSON = 1 << 16

    init(_ log: EventLog, _ event: Event) {
        self.log = log
        self.event = event
        content = log.content(of: event)
    }

    /// The PCR, or `-` for an event that belongs to none.
    var place: String { event.pcr == Event.unboundPCR ? "-" : "PCR " + String(event.pcr) }

    /// What the event says, on one line. The firmware's paths are full of backslashes, so these stay as they are:
    /// this text is for eyes, and JSON has the exact one, as long as any real event's.
    var line: String {
        Printable.escape(content.text(in: log, event), limit: Self.longest, keepingBackslashes: true)
    }

    func json(_ verdict: Consistency?) -> JSONValue {
        var members = [
            JSONMember("index", .integer(Int64(event.index))), JSONMember("offset", .integer(Int64(event.offset))),
            JSONMember("pcr", event.pcr == Event.unboundPCR ? .null : .integer(Int64(event.pcr))),
            JSONMember("type", .string(event.type.description)),
            JSONMember("type_number", .integer(Int64(event.type.rawValue))),
            JSONMember("extended", .bool(event.isExtended)), JSONMember("digests", .object(digests)),
            JSONMember("data_bytes", .integer(Int64(event.data.count))),
            JSONMember("kind", .string(content.kind)), JSONMember("text", .string(text)),
        ]
        if let verdict {
            members.append(JSONMember("consistency", .string(verdict.word)))
            members.append(JSONMember("reason", verdict.reason.map { .string($0) } ?? .null))
        }
        return .object(members)
    }

    private var text: String {
        let text = content.text(in: log, event)
        // So many bytes are at most so many characters.
        guard text.utf8.count > Self.longestJSON else { return text }
        return String(text.unicodeScalars.prefix(Self.longestJSON)) + "..."
    }

    private var digests: [JSONMember] {
        log.banks.compactMap { bank in
            log.digest(of: event, in: bank).map { JSONMember(bank.name, .string(Hexadecimal.encode($0))) }
        }
    }
}

extension Consistency {
    /// The rule by which it is consistent, or what is wrong.
    var reason: String? {
        switch self {
        case .consistent(let rule): rule.rawValue
        case .inconsistent(let discrepancy): discrepancy.description
        case .notDerivable: nil
        }
    }

    var words: String {
        switch self {
        case .consistent(.eventData), .notDerivable: word
        default: word + ": " + (reason ?? "")
        }
    }
}
