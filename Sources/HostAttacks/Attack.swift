/// One thing that a cheating host can do, what must come of it, and how that is tried.
public struct Attack: Sendable {
    /// What `--attack` and `attack run` call it.
    public let name: String
    public let group: AttackGroup
    /// One line: what the host does.
    public let summary: String
    /// One line: what must come of it.
    public let outcome: String
    /// The exit status of the program that refuses; 0 where the guest must stand it, nil where nobody refuses and the
    /// host just learns nothing.
    public let exitCode: Int32?
    public let modes: [RunMode]
    /// One line: what lets the attack through, or why nothing can.
    public var controlText: String {
        switch control {
        case .through(_, let text, _), .impossible(let text): text
        }
    }

    let volume: Enrolment
    let trial: Trial
    /// Part of what the refusal says: whom it blames.
    let reason: String
    let control: Control

    init(
        _ name: String, _ group: AttackGroup, _ summary: String, _ outcome: String, exit: Int32?, naming reason: String,
        _ trial: Trial, control: Control, on volume: Enrolment = Enrolment()
    ) {
        self.name = name
        self.group = group
        self.summary = summary
        self.outcome = outcome
        exitCode = exit
        modes = [.process]
        self.volume = volume
        self.trial = trial
        self.reason = reason
        self.control = control
    }

    /// Whether it is on a guest that boots from a disk, which `attack run --image` names.
    public var needsDisk: Bool { volume.hasDisk }

    /// Those that this program runs, in the order of their groups.
    public static let all: [Attack] =
        messageAttacks + evidenceAttacks + policyAttacks + firmwareAttacks + tpmAttacks + diskAttacks
        + memoryAttacks + logAttacks + bootAttacks + secureBootAttacks

    /// The attack of that name; nil where there is none.
    public static func named(_ name: String) -> Attack? { all.first { $0.name == name } }
}

/// What of the machine the host attacks.
public enum AttackGroup: String, Sendable {
    case messages, evidence, policy, firmware, tpm, disk, memory, boot
    case eventLog = "event-log"
}

/// What the guest is made of: processes, or a whole virtual machine.
public enum RunMode: String, CaseIterable, Sendable {
    case process, vm
}

/// What shows that the host really does what it says, and that it is the check that stops it.
enum Control: Sendable {
    /// The same, with a check off: it gets through, or what the guest must stand stops it. The text says what is other;
    /// the volume is nil where it is the attack's.
    case through(Trial, String, Enrolment? = nil)
    /// Why there is no check that could be off.
    case impossible(String)
}
