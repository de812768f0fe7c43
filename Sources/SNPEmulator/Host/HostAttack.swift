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

    public var rawValue: String {
        switch self {
        case .messages(let attack): attack.rawValue
        case .evidence(let attack): attack.rawValue
        case .tpm(let attack): attack.rawValue
        case .log(let attack): attack.rawValue
        }
    }

    /// One line: what the host does.
    public var summary: String {
        switch self {
        case .messages(let attack): attack.summary
        case .evidence(let attack): attack.summary
        case .tpm(let attack): attack.summary
        case .log(let attack): attack.summary
        }
    }

    /// One line: what must come of it.
    public var outcome: String {
        switch self {
        case .messages(let attack): attack.outcome
        case .evidence(let attack): attack.outcome
        case .tpm(let attack): attack.outcome
        case .log(let attack): attack.outcome
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
