internal import ArgumentParser
internal import HostAttacks
internal import InitramfsRuntime
internal import JSON

/// `snp-emulator attack run`.
struct AttackRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Try attacks, and judge how they end.",
        discussion: """
            Each attack is tried on a machine that is made for it: an emulated chip, a guest of exec, and a LUKS2 volume \
            that is enrolled in the guest. In the run mode vm it is a copy of the machine that make image made, --chip and \
            --image, which boots as by boot; in its control the disk has another volume and initrd. First the control, with the check off that should stop the attack: it must get \
            through. Then the attack.

            held: no key was released, with the right exit status and a reason that names the culprit. broken: it got \
            through, or ended otherwise. unproven: the control did not get through.

            One line an attack; with --json one object a line: name, mode, verdict, code (null where it was not tried), \
            detail, milliseconds.

            Exit status: 0 all held, 70 not all did; else 64 usage, 66 a program or folder is missing, 69 no machine can \
            be made, 74 read or write error.
            """)

    @Flag(help: "Try all attacks of the run mode.")
    var all = false

    @Option(
        help: ArgumentHelp("process or vm (default: process).", valueName: "mode"), transform: { try choice($0) })
    var mode: RunMode = .process

    @Option(
        help: ArgumentHelp("A chip to copy, instead of making one.", valueName: "folder"), completion: .directory)
    var chip: String?

    @Option(
        help: ArgumentHelp(
            "A disk that make image built: disk.raw for attacks on the boot, confidential.raw for vm.",
            valueName: "disk"),
        completion: .file())
    var image: String?

    @Option(
        help: ArgumentHelp(
            "The firmware that boots it: a template's name, or its file (default: as for exec).", valueName: "name"))
    var template: String?

    @Option(help: ArgumentHelp("The tool that enrols the volume.", valueName: "file"), completion: .file())
    var sealroot: String?

    @Option(help: ArgumentHelp("The program under attack.", valueName: "file"), completion: .file())
    var sealrootInit: String?

    @Option(help: ArgumentHelp("The same without its checks, for controls.", valueName: "file"), completion: .file())
    var controlInit: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Argument(help: "Attacks, by name.")
    var names: [String] = []

    func validate() throws {
        guard all == names.isEmpty else { throw ValidationError("name attacks, or give --all") }
        for name in names {
            guard let attack = Attack.named(name) else { throw ValidationError("there is no attack '\(name)'") }
            guard attack.modes.contains(mode) else {
                throw ValidationError("\(name) has no run mode \(mode.rawValue)")
            }
        }
        guard image != nil && mode == .process || template == nil else {
            throw ValidationError("--template needs --image, and the run mode process")
        }
        guard mode == .process || (image != nil && chip != nil) else {
            throw ValidationError("--mode vm needs --image, and the --chip that it is sealed to")
        }
    }

    func run() throws {
        let started = MonotonicClock.milliseconds
        let verdicts = try reporting { () throws(CommandFailure) in
            do throws(AttackRunError) { return try judge() } catch {
                throw CommandFailure(error.exitCode, area: "attack", error.description)
            }
        }
        let held = verdicts.count { $0.ruling == .held }
        let seconds = (MonotonicClock.milliseconds - started) / 1000
        if !json { Console.print("\(held) of \(verdicts.count) held, in \(seconds) s") }
        guard held == verdicts.count else {
            throw ArgumentParser.ExitCode(InitramfsRuntime.ExitCode.internalFault.rawValue)
        }
    }

    private func judge() throws(AttackRunError) -> [Verdict] {
        let programs = try AttackPrograms(sealroot: sealroot, sealrootInit: sealrootInit, controlInit: controlInit)
        let disk: BootDisk? = if let image { try BootDisk(path: image, template: template) } else { nil }
        let judge = try AttackJudge(programs, chip: chip, disk: disk)
        var verdicts: [Verdict] = []
        for attack in all ? Attack.all.filter({ $0.modes.contains(mode) }) : names.compactMap(Attack.named) {
            let verdict = try judge.judge(attack, in: mode)
            Console.print(json ? verdict.json.compact : verdict.line)
            verdicts.append(verdict)
        }
        return verdicts
    }
}

extension Verdict {
    fileprivate var line: String {
        let code = exitCode.map { " (\($0))" } ?? ""
        return "\(ruling.rawValue) \(attack)\(code): \(detail)"
    }
}
