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

    /// Tries one attack and judges it.
    public func judge(_ attack: Attack) throws(AttackRunError) -> Verdict {
        let started = MonotonicClock.milliseconds
        let (ruling, code, detail) = try ruling(on: attack)
        return Verdict(
            attack: attack.name, ruling: ruling, exitCode: code, detail: detail,
            milliseconds: MonotonicClock.milliseconds - started)
    }

    private func ruling(on attack: Attack) throws(AttackRunError) -> (Verdict.Ruling, Int32?, String) {
        guard disk != nil || !attack.volume.hasDisk else {
            return (.unproven, nil, "there is no disk to boot from; name it with --image")
        }
        if case .through(let trial, let check, let volume) = attack.control {
            guard trial.program == .real || programs.controlInit != nil else {
                return (.unproven, nil, "there is no control program; name it with --control-init")
            }
            let outcome = Outcome(try machine(volume ?? attack.volume).copy().run(trial), of: trial)
            guard outcome.isThrough != (attack.exitCode == 0) else {
                return (.unproven, nil, "with " + check + ", too, it ended with \(outcome.status): " + outcome.text)
            }
        }
        let outcome = Outcome(try machine(attack.volume).copy().run(attack.trial), of: attack.trial)
        guard let fault = outcome.fault(by: attack) else { return (.held, outcome.status, outcome.text) }
        return (.broken, outcome.status, fault)
    }

    private func machine(_ enrolment: Enrolment) throws(AttackRunError) -> AttackedMachine {
        if let machine = machines[enrolment] { return machine }
        let machine = try AttackedMachine.make(enrolment, chip: chip, disk: disk, programs)
        machines[enrolment] = machine
        return machine
    }
}
