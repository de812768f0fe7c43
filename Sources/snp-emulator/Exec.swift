internal import ArgumentParser
internal import EncryptedMemory
internal import InitramfsRuntime
internal import LaunchMeasurement
internal import Prediction
internal import SNPABI
internal import SNPEmulator

/// `snp-emulator exec`.
struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command as the guest of an emulated machine.",
        discussion: """
            The command sees a world of its own: /dev with /dev/sev-guest, /sys/kernel/config/tsm/report, no process but \
            those that it starts, and an empty folder in place of the state. It is root of a user namespace, so anybody \
            may start it. Everything ends with the command, or with snp-emulator.

            Its vTPM is run by an SVSM at VMPL 0, with its state in the state folder; a guest that is launched otherwise \
            than the first one cannot open it. TPM2TOOLS_TCTI and SEALROOT_TCTI name it. The guest's kernel runs at \
            VMPL 2 then, and configfs-tsm has the SVSM's reports (service_provider). With --vtpm azure-hcl there is a \
            report in the TPM's NV memory in place of these (index 0x01400001), with ek-cert the certificate of the \
            endorsement key (index 0x01C00002), whose root is certs/platform-ca.pem in the state folder.

            While it runs, snp-emulator memory shows what was loaded into its memory: the firmware, and under sev-snp the \
            page of secrets, as the host and as the guest see it; the registers of its CPUs lie from 0x100000000 on.

            With --image, the guest finds what a boot of that disk leaves behind: PCRs, event log and UEFI variables. No \
            program of the disk runs; a model of the firmware reads them from its EFI system partition and /boot, checks \
            their signatures as Secure Boot does, and refuses what real firmware would not start.

            Without SEV metadata in the firmware, all of the file is measured, then a page of secrets and the CPUs.

            Attacks of the host:

            \(HostAttack.allCases.map { "\($0.rawValue): \($0.summary); \($0.outcome)" }.joined(separator: "\n"))

            Exit status: the command's, 128 and the number of the signal that ended it, 127 where there is no such \
            program and 126 where it cannot be run; else 64 usage, or the AMD-SP refuses the launch; 65 malformed input, \
            66 missing file, 69 the kernel makes no guest or swtpm no TPM, 74 read or write error, 75 the state has a \
            guest already, 77 the vTPM belongs to another launch, or Secure Boot refuses the disk.
            """)

    @Option(help: ArgumentHelp("The emulated chip.", valueName: "folder"), completion: .directory)
    var state: String

    @Option(
        help: ArgumentHelp("none, sev, sev-es or sev-snp (default: sev-snp).", valueName: "mode"),
        transform: { try choice($0) })
    var protection: MemoryProtection = .sevSNP

    @Option(
        help: ArgumentHelp("The firmware image that is measured.", valueName: "file"), completion: .file())
    var ovmf = "/usr/share/ovmf/OVMF.fd"

    @Option(help: ArgumentHelp("How many virtual CPUs the guest has.", valueName: "n"))
    var vcpus = 1

    @OptionGroup var launch: LaunchOptions

    @Option(
        help: ArgumentHelp(
            "How the guest can tell its TPM: svsm, azure-hcl, ek-cert; none for no TPM (default: svsm under sev-snp).",
            valueName: "name"),
        transform: { try choice($0) })
    var vtpm: TPMOwner?

    @Option(
        help: ArgumentHelp(
            "The level at which the guest's kernel runs (default: 2 above an SVSM, else 0).", valueName: "n"))
    var vmpl: UInt8?

    @Option(
        help: ArgumentHelp("What the host does to the guest.", valueName: "name"),
        transform: { try choice($0) })
    var attack: HostAttack?

    @Option(
        help: ArgumentHelp("All TPM commands and responses, as the host sees them.", valueName: "file"),
        completion: .file())
    var recordTPM: String?

    @Option(
        name: .customLong("eventlog"),
        help: ArgumentHelp("The event log of the guest's boot, for the kernel's path.", valueName: "file"),
        completion: .file())
    var eventLog: String?

    @Option(
        help: ArgumentHelp("A raw disk image that the guest has booted from.", valueName: "disk"),
        completion: .file())
    var image: String?

    @Option(
        help: ArgumentHelp(
            "The firmware that boots it: a template's name, or its file (default: \(Template.standard)).",
            valueName: "name"))
    var template = Template.standard

    @Argument(parsing: .postTerminator, help: "The program, and its arguments.")
    var command: [String] = []

    /// Who runs the TPM, and how the guest can tell that it is its own.
    enum TPMOwner: String, CaseIterable {
        case svsm
        /// Azure's paravisor: a report in NV memory.
        case azureHCL = "azure-hcl"
        /// A cloud that certifies the endorsement key.
        case endorsementCertificate = "ek-cert"
        case none
    }

    var hasSVSM: Bool { protection == .sevSNP && vtpm != TPMOwner.none }
    var level: UInt8 { vmpl ?? (hasSVSM ? 2 : 0) }

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("no command; it comes after --") }
        guard level <= 3, level > 0 || !hasSVSM else {
            throw ValidationError("--vmpl is 0 to 3, and not 0 where an SVSM runs the TPM")
        }
        guard image == nil || eventLog == nil else {
            throw ValidationError("--image and --eventlog exclude each other")
        }
        guard protection == .sevSNP || (attack == nil && vtpm ?? .none == TPMOwner.none) else {
            throw ValidationError("only a guest under sev-snp has an SVSM, or messages that --attack could change")
        }
        guard hasSVSM || attack == nil || attack?.onMessages != nil else {
            throw ValidationError("--attack \(attack?.rawValue ?? "") is on a guest that has a TPM")
        }
        guard hasSVSM || recordTPM == nil else { throw ValidationError("--record-tpm is for a guest that has a TPM") }
        if attack?.isAboutLog == true, image == nil, eventLog == nil {
            throw ValidationError("--attack \(attack?.rawValue ?? "") is on a guest with --image or --eventlog")
        }
        guard attack?.isAboutServices != true || vtpm ?? .svsm == .svsm else {
            throw ValidationError("--attack \(attack?.rawValue ?? "") is on a guest with --vtpm svsm")
        }
    }

    func run() throws {
        do {
            // Before there is a second thread.
            try GuestNamespace.enter()
            throw ArgumentParser.ExitCode(try runGuest())
        } catch let error as GuestError {
            Console.report("snp-emulator: guest: " + error.description)
            throw ArgumentParser.ExitCode(error.exitCode)
        }
    }
}
