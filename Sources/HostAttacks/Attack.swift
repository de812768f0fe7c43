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
    public var modes: [RunMode] { (process == nil ? [] : [.process]) + (machine == nil ? [] : [.vm]) }
    /// One line: what lets the attack through, or why nothing can.
    public var controlText: String {
        let texts = [process?.control.text, machine?.control.text].compactMap { $0 }
        return Set(texts).count == 1 ? texts[0] : texts.joined(separator: "; in a VM: ")
    }

    /// In a guest of processes; nil where that shows nothing.
    let process: ProcessAttack?
    /// In a whole virtual machine; nil where that shows no more.
    private(set) var machine: MachineAttack?

    init(
        _ name: String, _ group: AttackGroup, _ summary: String, _ outcome: String, exit: Int32?, naming reason: String,
        _ trial: Trial, control: Control, on volume: Enrolment = Enrolment()
    ) {
        self.name = name
        self.group = group
        self.summary = summary
        self.outcome = outcome
        exitCode = exit
        process = ProcessAttack(volume: volume, trial: trial, reason: reason, control: control)
    }

    /// One for which the guest must be a whole machine.
    init(_ name: String, _ group: AttackGroup, _ summary: String, _ outcome: String, inMachine machine: MachineAttack) {
        self.name = name
        self.group = group
        self.summary = summary
        self.outcome = outcome
        exitCode = machine.exitCode
        process = nil
        self.machine = machine
    }

    /// The same, which can be tried in a whole machine, too.
    func inMachine(_ machine: MachineAttack) -> Attack {
        var attack = self
        attack.machine = machine
        return attack
    }

    /// Whether it is on a guest that boots from a disk, which `attack run --image` names.
    public var needsDisk: Bool { process?.volume.hasDisk ?? true }

    /// Those that this program runs, in the order of their groups.
    public static let all: [Attack] =
        messageAttacks + evidenceAttacks + policyAttacks + firmwareAttacks + tpmAttacks + diskAttacks
        + memoryAttacks + logAttacks + bootAttacks + secureBootAttacks
        + machineAttacks

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

/// How an attack on a guest of processes is tried.
struct ProcessAttack: Sendable {
    let volume: Enrolment
    let trial: Trial
    /// Part of what the refusal says: whom it blames.
    let reason: String
    let control: Control
}

/// What shows that the host really does what it says, and that it is the check that stops it.
enum Control: Sendable {
    /// The same, with a check off: it gets through, or what the guest must stand stops it. The text says what is other;
    /// the volume is nil where it is the attack's.
    case through(Trial, String, Enrolment? = nil)
    /// Why there is no check that could be off.
    case impossible(String)

    var text: String {
        switch self {
        case .through(_, let text, _), .impossible(let text): text
        }
    }
}
