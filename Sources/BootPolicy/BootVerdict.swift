internal import BoundedBytes
public import JSON

/// A part of the boot that gets a verdict of its own.
public enum Component: Equatable, Sendable {
    /// The log itself: it is the TPM's, and every digest is that of what the event says.
    case log
    /// Separators, and the order of events.
    case order
    case secureBoot, sbat, mok, drivers
    case program(Reference.Role)
    /// An application that belongs nowhere.
    case otherProgram
    case commandLine

    /// The name on the console and in `status.json`.
    public var name: String {
        switch self {
        case .log: "log"
        case .order: "order"
        case .secureBoot: "secure-boot"
        case .sbat: "sbat"
        case .mok: "mok"
        case .drivers: "drivers"
        case .program(let role): role.rawValue
        case .otherProgram: "program"
        case .commandLine: "command-line"
        }
    }
}

/// What the check says of one component.
public struct ComponentVerdict: Equatable, Sendable {
    public let component: Component
    /// What was measured, where it is one thing: SHA-256, 32 bytes.
    public let digest: [UInt8]?
    /// The file, version or state; it comes from the log or the reference and may hold anything.
    public let subject: String
    /// Nil where it is accepted.
    public let refusal: Refusal?

    init(_ component: Component, _ subject: String = "", digest: [UInt8]? = nil, refusal: Refusal? = nil) {
        self.component = component
        self.subject = subject
        self.digest = digest
        self.refusal = refusal
    }

    /// One line of the console, as `shim ok 0123456789ab... \EFI\debian\shimx64.efi`.
    public var line: String {
        var words = [component.name, refusal == nil ? "ok" : "REFUSED"]
        if let digest { words.append(Hexadecimal.encode(digest.prefix(8))) }
        if !subject.isEmpty { words.append(Printable.escape(subject, limit: 160, keepingBackslashes: true)) }
        return words.joined(separator: " ") + (refusal.map { ": " + $0.description } ?? "")
    }

    /// Source: command contract, `chain` of `/run/sealroot/status.json`.
    public var json: JSONValue {
        var members = [
            JSONMember("component", .string(component.name)),
            JSONMember("digest", digest.map { .string(Hexadecimal.encode($0)) } ?? .null),
            JSONMember("verdict", .string(refusal == nil ? "ok" : "refused")),
            JSONMember("subject", .string(subject)),
        ]
        if let refusal { members.append(JSONMember("reason", .string(refusal.description))) }
        return .object(members)
    }
}

/// The whole chain, component by component, in the order in which a boot reaches them.
public struct BootVerdict: Equatable, Sendable {
    public let components: [ComponentVerdict]

    public var isAccepted: Bool { firstRefused == nil }
    /// The first culprit: the log comes before what it tells of.
    public var firstRefused: ComponentVerdict? { components.first { $0.refusal != nil } }
}
