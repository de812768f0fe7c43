internal import ArgumentParser
internal import Attesting
internal import BoundedBytes
internal import Configuration
internal import Enrollment
internal import InitramfsRuntime
internal import JSON
internal import Secrets
internal import TPM

/// `sealroot reseal`.
struct Reseal: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Approve the next boot, as after an update.",
        discussion: """
            Predicts what the next boot will measure, and writes a policy for it into the token, beside those that are \
            there. With --commit, after a boot that unlocked, it drops the policies that are obsolete and moves the \
            revocation counter on, so that an old copy of the token no longer opens the volume.

            With --all-kernels each kernel that GRUB's menu offers stays bootable, as far as the header has room.

            A key that was sealed elsewhere, as for a prepared image, is exchanged for one that only this TPM knows.
            """)

    @OptionGroup var device: DeviceArgument
    @OptionGroup var system: SystemOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var tpm: TPMOptions

    @Flag(help: "Drop what is neither the present nor the next boot, and move the revocation counter on.")
    var commit = false

    @Option(
        help: ArgumentHelp("Approve the boot of this kernel, too; may be given more than once.", valueName: "version"))
    var kernel: [String] = []

    @Flag(help: "Approve the boot of each kernel in /boot, too, as far as it can be predicted.")
    var allKernels = false

    @Option(
        help: ArgumentHelp(
            "Approve no boot with another initrd than those of this list, as sha256sum writes it.", valueName: "file"),
        completion: .file())
    var initrds: String?

    @Option(
        help: ArgumentHelp("The log of the last boot (default: the kernel's).", valueName: "file"), completion: .file())
    var eventlog: String?

    @Flag(help: "Exchange the sealed secret and its keyslot; done by itself for a key that was sealed elsewhere.")
    var rotate = false

    @Option(
        help: ArgumentHelp(
            "With --rotate: file with a passphrase of the volume, '-' for standard input.", valueName: "file"))
    var keyFile: String?

    @Option(help: ArgumentHelp("With --rotate: who approves policies, as in enroll.", valueName: "local|none|pem"))
    var authority: String?

    @Option(help: ArgumentHelp("With --rotate: the revocation counter, as in enroll.", valueName: "auto|none|handle"))
    var counter = "auto"

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard !commit || !rotate else { throw ValidationError("--commit and --rotate exclude each other") }
        guard SealingArguments.counter(counter) != nil else {
            throw ValidationError(SealingArguments.counterExplanation)
        }
    }

    func run() throws {
        var willUnlock = true
        try reporting(json: json) { () throws(CommandFailure) in
            let configuration = try device.configuration()
            let resealing = Resealing(
                device: try device.path(configuration), store: state.store,
                fencePCR: StatusSettings(configuration).fencePCR)
            let tpm = try tpm.connect()
            let present = try enrolling { () throws(EnrollmentError) in try resealing.present(tpm) }
            let known: KnownInitrds?
            if let initrds { known = try KnownInitrds(readingFrom: initrds) } else { known = nil }
            let boots = try NextBoots(
                of: system, eventlog: eventlog, present: present, initrds: known,
                references: NotedReferences(in: state.state, configuration)
            ).coming(kernels: kernel, withFallbacks: allKernels)
            let result = try approve(boots.boots, boots.fallbacks, resealing, tpm)
            let status = VolumeStatus.examine(
                resealing.device, next: boots.boots[0], settings: StatusSettings(configuration), tpm: tpm)
            willUnlock = status.willUnlock
            ResealReport(result, skipped: boots.skipped, status: status).print(json: json)
        }
        guard willUnlock else { throw ArgumentParser.ExitCode(InitramfsRuntime.ExitCode.bootRefused.rawValue) }
    }

    private func approve(
        _ boots: [ExpectedBoot], _ fallbacks: [ExpectedBoot], _ resealing: Resealing, _ tpm: borrowing TPM
    ) throws(CommandFailure) -> Resealing.Result {
        if commit {
            return try enrolling { () throws(EnrollmentError) in
                try resealing.commit(keeping: boots, fallbacks: fallbacks, tpm)
            }
        }
        var isExchange = rotate
        if !isExchange { isExchange = try enrolling { () throws(EnrollmentError) in try resealing.isImported() } }
        guard isExchange else {
            return try enrolling { () throws(EnrollmentError) in try resealing.add(boots, fallbacks: fallbacks, tpm) }
        }
        return try exchange(resealing, boots + fallbacks, tpm)
    }

    private func exchange(
        _ resealing: Resealing, _ boots: [ExpectedBoot], _ tpm: borrowing TPM
    ) throws(CommandFailure) -> Resealing.Result {
        let choice: AuthorityChoice?
        if let authority { choice = try SealingArguments.authority(authority) } else { choice = nil }
        let key = try rotationKey(resealing)
        return try enrolling { () throws(EnrollmentError) in
            try resealing.rotate(
                key, to: boots, authority: choice, counter: SealingArguments.counter(counter) ?? .automatic, tpm,
                factor: SNPSecondFactor())
        }
    }

    /// What the unlock of this boot left in the kernel's keyring, unless a file was named.
    private func rotationKey(_ resealing: Resealing) throws(CommandFailure) -> RotationKey {
        if keyFile == nil {
            let handed = try enrolling { () throws(EnrollmentError) in try resealing.handedOverSecret() }
            if let handed { return .secret(handed) }
        }
        return .passphrase(try PassphraseInput.read(keyFile: keyFile))
    }
}
