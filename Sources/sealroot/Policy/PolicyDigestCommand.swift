internal import ArgumentParser
internal import BoundedBytes
internal import Configuration
internal import Enrollment
internal import InitramfsRuntime
internal import JSON
internal import TPM

/// `sealroot policy digest`.
struct PolicyDigestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest",
        abstract: "Print what the authority has to sign so that the next boot unlocks.",
        discussion: """
            The request is JSON: version, kind (boot or step), what is asked for, and message, in hexadecimal: the bytes \
            to be signed by ECDSA over SHA-256. Nothing in it is secret.
            """)

    @OptionGroup var device: DeviceArgument
    @OptionGroup var system: SystemOptions
    @OptionGroup var tpm: TPMOptions

    @Option(help: ArgumentHelp("Ask for the boot of this kernel and not of the default.", valueName: "version"))
    var kernel: String?

    @Flag(help: "Ask for the present boot, as its PCRs are.")
    var current = false

    @Flag(help: "Ask for a step of the revocation counter.")
    var step = false

    @Option(
        help: ArgumentHelp(
            "SHA-256 PCRs to bind, with commas between (default: as the policies that are there).", valueName: "list"))
    var pcrs: String?

    @Option(
        help: ArgumentHelp(
            "Highest counter value under which the policy holds (default: the present one).", valueName: "number"))
    var count: UInt64?

    @Option(
        help: ArgumentHelp("The log of the last boot (default: the kernel's).", valueName: "file"), completion: .file())
    var eventlog: String?

    @Option(
        help: ArgumentHelp("Write the request there (default: standard output).", valueName: "file"),
        completion: .file())
    var request: String?

    @Option(help: ArgumentHelp("Write the bytes to be signed there.", valueName: "file"), completion: .file())
    var message: String?

    func validate() throws {
        guard pcrs == nil || pcrs.flatMap(PCRList.parse) != nil else { throw ValidationError(PCRList.explanation) }
        guard [current, step, kernel != nil].filter({ $0 }).count <= 1 else {
            throw ValidationError("--current, --step and --kernel exclude each other")
        }
    }

    func run() throws {
        try reporting(json: false) { () throws(CommandFailure) in
            let configuration = try device.configuration()
            let resealing = Resealing(
                device: try device.path(configuration), store: AuthorityStore(),
                fencePCR: configuration?.fencePCR ?? GuestConfiguration.defaultFencePCR)
            let tpm = try tpm.connect()
            let made = try make(resealing, tpm)
            do throws(FileError) {
                if let message { try FileBytes.replace(message, with: made.message, mode: 0o644) }
                let text = made.json.compact
                guard let request else { return Console.print(text) }
                try FileBytes.replace(request, with: Array((text + "\n").utf8), mode: 0o644)
            } catch { throw CommandFailure(error, area: "output") }
        }
    }

    private func make(_ resealing: Resealing, _ tpm: borrowing TPM) throws(CommandFailure) -> PolicyRequest {
        if step { return try enrolling { () throws(EnrollmentError) in try resealing.stepRequest(tpm) } }
        let list = pcrs.flatMap(PCRList.parse)
        let present = try enrolling { () throws(EnrollmentError) in try resealing.present(pcrs: list, tpm) }
        let boot =
            current
            ? ExpectedBoot(label: "present boot", values: present.values)
            : try NextBoots(of: system, eventlog: eventlog, present: present).boot(kernel: kernel)
        return try enrolling { () throws(EnrollmentError) in
            try resealing.request(boot, pcrs: list, limit: count, tpm)
        }
    }
}
