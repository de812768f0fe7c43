/// What every attack says of itself.
protocol NamedAttack {
    var rawValue: String { get }
    /// One line: what the host does.
    var summary: String { get }
    /// One line: what must come of it.
    var outcome: String { get }
}

extension MessageAttack: NamedAttack {}
extension EvidenceAttack: NamedAttack {}
extension TPMAttack: NamedAttack {}
extension LogAttack: NamedAttack {}

/// All that the host can be told to do to a guest of processes, by name.
public enum HostAttack: RawRepresentable, CaseIterable, Sendable, Equatable {
    case messages(MessageAttack)
    case evidence(EvidenceAttack)
    case tpm(TPMAttack)
    case log(LogAttack)

    public static var allCases: [HostAttack] {
        MessageAttack.allCases.map { .messages($0) } + EvidenceAttack.allCases.map { .evidence($0) }
            + TPMAttack.allCases.map { .tpm($0) } + LogAttack.allCases.map { .log($0) }
    }

    public init?(rawValue: String) {
        guard let found = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = found
    }

    public var rawValue: String { named.rawValue }
    /// One line: what the host does.
    public var summary: String { named.summary }
    /// One line: what must come of it.
    public var outcome: String { named.outcome }

    private var named: any NamedAttack {
        switch self {
        case .messages(let attack): attack
        case .evidence(let attack): attack
        case .tpm(let attack): attack
        case .log(let attack): attack
        }
    }

    /// Whether the host runs a second guest for it.
    public var needsAccomplice: Bool {
        switch self {
        case .messages, .log, .evidence(.replay), .evidence(.otherLevel): false
        case .evidence: true
        case .tpm(let attack): attack.needsAccomplice
        }
    }

    /// Whether the host hands the guest another event log than the firmware wrote.
    public var isAboutLog: Bool {
        if case .log = self { return true }
        return false
    }

    /// Whether only a guest whose kernel can call an SVSM can be cheated so.
    public var isAboutServices: Bool {
        if case .evidence = self { return true }
        return false
    }
}
