internal import ArgumentParser
internal import EmulatedMachine
internal import InitramfsRuntime
internal import SNPABI
internal import SNPEmulator

/// `snp-emulator boot`.
struct Boot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Boot a disk as the guest of an emulated machine.",
        discussion: """
            A whole VM: QEMU without KVM, OVMF, and the disk's own shim, GRUB, kernel and initrd. Its serial console is \
            standard output; standard input is its keyboard, unless --until is given and it is no terminal. Ctrl-C ends \
            the machine, and nothing is left running, however snp-emulator ends.

            The disk is only read. What the guest writes to it, and the firmware's variables, lie in the state folder's \
            machine; a second boot goes on from there, and a disk that has changed begins anew. A guest that resets its \
            machine is launched anew, as on hardware.

            Its TPM is run by an SVSM at VMPL 0, as in exec; QEMU, which is the host, only hands its commands on. \
            snp-emulator-guest in the guest makes /dev/sev-guest and configfs-tsm of the virtio-serial ports \
            org.sealroot.amd-sp and org.sealroot.svsm. snp-emulator memory shows the guest's memory meanwhile.

            The launch digest is of the very bytes that run. Debian's firmware with Secure Boot, which is the default, \
            has no SEV metadata: all of it is measured then, a page of secrets and the CPUs, and a warning says so on \
            standard error. Firmware of one's own has its variables inside, unless --vars names their file.

            exec with this firmware as its --ovmf, and as many CPUs, is the same launch: what it stores in the TPM is there \
            in the machine, and the other way round.

            Attacks of the host:

            \(Self.attacks.map { "\($0.rawValue): \($0.summary); \($0.outcome)" }.joined(separator: "\n"))

            Exit status: 0 the text of --until appeared or, without it, the guest switched its machine off; 64 usage, or \
            the AMD-SP refuses the launch; 65 malformed input, or the disk has no EFI system partition or no shim; 66 \
            missing file, 69 time is up, the guest ended before the text appeared, or QEMU or swtpm is missing or failed; \
            74 read or write error, 75 the state has a guest already, 77 the vTPM belongs to another launch; 128 and the \
            number of the signal that ended snp-emulator.
            """)

    @Argument(help: "A raw disk image, or a disk.", completion: .file())
    var disk: String

    @Option(help: ArgumentHelp("The emulated chip.", valueName: "folder"), completion: .directory)
    var state: String

    @Option(
        help: ArgumentHelp("The firmware that is measured and runs (default: Debian's).", valueName: "file"),
        completion: .file())
    var firmware: String?

    @Option(
        help: ArgumentHelp("Its variables, of which the machine has a copy.", valueName: "file"), completion: .file())
    var vars: String?

    @Option(help: ArgumentHelp("The guest's memory.", valueName: "MiB"))
    var memory: UInt64 = 1024

    @Option(help: ArgumentHelp("How many virtual CPUs it has.", valueName: "n"))
    var cpus = 1

    @OptionGroup var launch: LaunchOptions

    @Option(help: ArgumentHelp("The level at which the guest's kernel runs: 1 to 3.", valueName: "n"))
    var vmpl: UInt8 = 2

    @Option(
        help: ArgumentHelp("What the host does to the guest.", valueName: "name"),
        transform: { try choice($0) })
    var attack: HostAttack?

    @Option(help: ArgumentHelp("A copy of what the console shows.", valueName: "file"), completion: .file())
    var console: String?

    @Option(
        help: ArgumentHelp("All TPM commands and responses, as the host sees them.", valueName: "file"),
        completion: .file())
    var recordTPM: String?

    @Option(help: ArgumentHelp("End well as soon as the console has shown this.", valueName: "text"))
    var until: String?

    @Option(help: ArgumentHelp("End badly after so many seconds.", valueName: "s"))
    var timeout: Double?

    /// The event log is in the guest's memory here.
    private static let attacks = HostAttack.allCases.filter { !$0.isAboutLog }

    /// MiB. With less OVMF and a kernel do not start; more than TCG can address.
    private static let memorySizes: ClosedRange<UInt64> = 256...(1 << 20)
    static let defaultFirmware = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
    /// With Microsoft's keys.
    static let defaultVariables = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"

    func validate() throws {
        guard Self.memorySizes.contains(memory) else {
            throw ValidationError("--memory is at least 256 MiB, and at most 1 TiB")
        }
        guard (1...255).contains(cpus) else { throw ValidationError("--cpus is 1 to 255") }
        guard (1...3).contains(vmpl) else { throw ValidationError("--vmpl is 1 to 3: the SVSM has level 0") }
        guard attack.map({ !$0.isAboutLog }) ?? true else {
            throw ValidationError("the guest keeps its own event log: --attack \(attack?.rawValue ?? "") is of exec")
        }
        guard until != "" else { throw ValidationError("--until has no text") }
        guard timeout.map({ $0 > 0 && $0 < 1e9 }) ?? true else { throw ValidationError("--timeout is no time") }
    }

    func run() throws {
        let outcome = try reporting { () throws(CommandFailure) in try boot() }
        if case .signal(let number) = outcome { throw ArgumentParser.ExitCode(128 + number) }
    }
}
