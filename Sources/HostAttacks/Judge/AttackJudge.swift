internal import InitramfsRuntime
internal import JSON

/// Tries attacks: first the control, then the attack itself, each on a fresh copy of a machine that its owner has
/// set up.
public final class AttackJudge {
    private let programs: AttackPrograms
    private let disk: BootDisk?
    private let chip: String
    private let chipFolder: MachineFolder?
    private var machines: [Enrolment: AttackedMachine] = [:]
    private var bootedMachines: [BootedMachine.Owner: BootedMachine] = [:]

    /// - Parameters:
    ///   - chip: a folder of `snp-emulator init`, which is only copied; nil to make one, which takes seconds.
    ///   - disk: nil where there is none to boot from; what needs one is unproven then.
    public init(_ programs: AttackPrograms, chip: String?, disk: BootDisk?) throws(AttackRunError) {
        self.programs = programs
        self.disk = disk
        if let chip {
            (self.chip, chipFolder) = (try AttackPrograms.fullPath(chip), nil)
            return
        }
        let folder = try MachineFolder()
        let made = try HostShell(folder: folder.path, programs: programs).run([programs.emulator, "init", "state"])
        try HostShell.require(made, step: "making a chip")
        (self.chip, chipFolder) = (folder.path + "/state", folder)
    }

    /// Tries one attack in one of its run modes, and judges it.
    public func judge(_ attack: Attack, in mode: RunMode) throws(AttackRunError) -> Verdict {
        let started = MonotonicClock.milliseconds
        var (ruling, code, detail): Finding = (.unproven, nil, "it has no run mode " + mode.rawValue)
        switch mode {
        case .process: if let tried = attack.process { (ruling, code, detail) = try judge(tried, attack.exitCode) }
        case .vm: if let tried = attack.machine { (ruling, code, detail) = try judge(tried) }
        }
        return Verdict(
            attack: attack.name, mode: mode, ruling: ruling, exitCode: code, detail: detail,
            milliseconds: MonotonicClock.milliseconds - started)
    }

    private typealias Finding = (Verdict.Ruling, Int32?, String)

    private func judge(_ attack: ProcessAttack, _ exitCode: Int32?) throws(AttackRunError) -> Finding {
        guard disk != nil || !attack.volume.hasDisk else { return Self.diskless }
        if case .through(let trial, let check, let volume) = attack.control {
            guard trial.program == .real || programs.controlInit != nil else {
                return (.unproven, nil, "there is no control program; name it with --control-init")
            }
            let outcome = Outcome(try machine(volume ?? attack.volume).copy().run(trial), of: trial)
            guard outcome.isThrough != (exitCode == 0) else { return Self.unproven(outcome, check) }
        }
        let outcome = Outcome(try machine(attack.volume).copy().run(attack.trial), of: attack.trial)
        return Self.finding(outcome, outcome.fault(expecting: exitCode, naming: attack.reason))
    }

    private func judge(_ attack: MachineAttack) throws(AttackRunError) -> Finding {
        guard let disk else { return Self.diskless }
        if case .through(let trial, let check) = attack.control {
            let outcome = Outcome(try machine(of: .careless, disk).copy(disk).run(trial))
            guard outcome.isThrough else { return Self.unproven(outcome, check) }
        }
        let outcome = Outcome(try machine(of: .careful, disk).copy(disk).run(attack.trial))
        return Self.finding(outcome, outcome.fault(expecting: attack.exitCode, naming: attack.reason))
    }

    private static let diskless: Finding = (.unproven, nil, "there is no disk to boot from; name it with --image")

    private static func unproven(_ outcome: Outcome, _ check: String) -> Finding {
        (.unproven, nil, "with " + check + ", too, it ended with \(outcome.status): " + outcome.text)
    }

    private static func finding(_ outcome: Outcome, _ fault: String?) -> Finding {
        (fault == nil ? .held : .broken, outcome.status, fault ?? outcome.text)
    }

    private func machine(_ enrolment: Enrolment) throws(AttackRunError) -> AttackedMachine {
        if let machine = machines[enrolment] { return machine }
        let machine = try AttackedMachine.make(enrolment, chip: chip, disk: disk, programs)
        machines[enrolment] = machine
        return machine
    }

    private func machine(of owner: BootedMachine.Owner, _ disk: BootDisk) throws(AttackRunError) -> BootedMachine {
        if let machine = bootedMachines[owner] { return machine }
        let machine = try BootedMachine.make(owner, chip: chip, disk: disk, programs)
        bootedMachines[owner] = machine
        return machine
    }
}
