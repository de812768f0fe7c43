internal import ArgumentParser
internal import Attesting
internal import BoundedBytes
internal import Enrollment
internal import InitramfsRuntime
internal import JSON
internal import OfflineSealing
internal import Secrets
internal import TPM

struct Enroll: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Seal a volume to this machine's TPM and its boot.",
        discussion: """
            Adds a keyslot and a token; the passphrases of the volume stay as they are. Run it in the system \
            that was booted by the very chain that shall unlock the volume from now on.
            """)

    @Argument(help: "A LUKS2 block device or image file.")
    var device: String

    @Option(help: ArgumentHelp("File with a passphrase of the volume, '-' for standard input.", valueName: "file"))
    var keyFile: String?

    @OptionGroup var sealing: SealToOptions

    @Option(
        help: ArgumentHelp(
            "With --seal-to: what 'sealroot predict --json' printed of a boot; may be given more than once.",
            valueName: "file"), completion: .file())
    var prediction: [String] = []

    @Option(
        help: ArgumentHelp(
            "Who approves boots: local (a key that is kept on this root), none, or a PEM public key; with --seal-to, "
                + "a PEM private key.",
            valueName: "local|none|pem"))
    var authority = "local"

    @Option(
        help: ArgumentHelp(
            "NV index that revokes old tokens (default: auto with a local authority, else none).",
            valueName: "auto|none|handle"))
    var counter: String?

    @Option(
        help: ArgumentHelp(
            "Combine the secret with a key that the AMD-SP derives for this guest, from policy, image-id, family-id, "
                + "measurement, guest-svn, tcb-version (default: policy,measurement).",
            valueName: "snp[:fields]"))
    var secondFactor: String?

    @OptionGroup var state: StateOptions
    @OptionGroup var tpm: TPMOptions

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard counter == nil || counter.flatMap(SealingArguments.counter) != nil else {
            throw ValidationError(SealingArguments.counterExplanation)
        }
        guard authority == "local" || counter != "auto" else {
            throw ValidationError("--counter auto needs a local authority: name a handle")
        }
        guard secondFactor == nil || secondFactor.flatMap(SecondFactorOption.fields) != nil else {
            throw ValidationError(SecondFactorOption.explanation)
        }
        guard sealing.sealTo == nil || secondFactor == nil else {
            throw ValidationError("the AMD-SP of a machine that is not at hand gives no second factor")
        }
        guard (sealing.sealTo == nil) == prediction.isEmpty else {
            throw ValidationError("--seal-to and --prediction go together")
        }
        guard sealing.sealTo == nil || counter == nil else {
            throw ValidationError("a TPM that is not at hand cannot have a counter made: leave --counter away")
        }
    }

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let target = try sealing.target()
            if let target {
                show(try enroll(for: target))
            } else {
                show(try enrollHere())
            }
        }
    }

    private func enrollHere() throws(CommandFailure) -> Enrollment.Result {
        let authority = try SealingArguments.authority(authority)
        let passphrase = try PassphraseInput.read(keyFile: keyFile)
        let tpm = try tpm.connect()
        let factor = SNPSecondFactor()
        let selection = try secondFactor.map { (text) throws(CommandFailure) in
            try SecondFactorOption.selection(text, factor)
        }
        let enrollment = Enrollment(
            device: device, pcrs: PCRList.parse(sealing.pcrs) ?? [], fencePCR: sealing.fencePCR,
            parentHandle: sealing.parentHandle, authority: authority, counter: counterChoice(authority),
            store: state.store, secondFactor: selection)
        return try enrolling { () throws(EnrollmentError) in
            try enrollment.enroll(passphrase: passphrase, tpm: tpm, factor: factor)
        }
    }

    private func enroll(for target: DuplicationTarget) throws(CommandFailure) -> Enrollment.Result {
        let owner = try SealToOptions.owner(authority)
        let boots = try prediction.map { (path) throws(CommandFailure) in try RecordedPrediction.read(path) }
        let passphrase = try PassphraseInput.read(keyFile: keyFile)
        let enrollment = sealing.enrollment(of: device, for: target)
        return try enrolling { () throws(EnrollmentError) in
            try enrollment.enroll(passphrase: passphrase, for: boots, owner: owner)
        }
    }

    private func counterChoice(_ authority: AuthorityChoice) -> CounterChoice {
        counter.flatMap(SealingArguments.counter) ?? (authority == .local ? .automatic : CounterChoice.absent)
    }

    private func show(_ result: Enrollment.Result) {
        if result.isParentSubjectToLockout {
            Console.report(
                "sealroot: tpm: warning: the storage key lacks noDA: each hard power-off counts as a failed try, and "
                    + "lockout bars the key; 'sealroot enroll --parent' with a free handle makes one without that fault"
            )
        }
        let name = Hexadecimal.encode(result.parentName)
        guard json else {
            Console.print("enrolled: keyslot " + String(result.keyslot) + ", token " + String(result.token))
            Console.print("storage key: " + Hexadecimal.prefixed(result.parentHandle) + ", parent-name = " + name)
            if let authority = result.authorityName {
                Console.print("authority-name = " + Hexadecimal.encode(authority))
            }
            if let counter = result.counterHandle {
                Console.print("revocation counter: " + Hexadecimal.prefixed(counter))
            }
            if !result.isApproved { Console.print("no boot is approved yet: see 'sealroot policy digest'") }
            for pcr in result.pcrs { Console.print("PCR " + String(pcr.index) + ": " + Hexadecimal.encode(pcr.digest)) }
            return
        }
        let values = result.pcrs.map { JSONMember(String($0.index), .string(Hexadecimal.encode($0.digest))) }
        let object = JSONValue.object([
            JSONMember("keyslot", .integer(Int64(result.keyslot))), JSONMember("token", .integer(Int64(result.token))),
            JSONMember("parent", .string(Hexadecimal.prefixed(result.parentHandle))),
            JSONMember("parent_name", .string(name)),
            JSONMember("authority_name", result.authorityName.map { .string(Hexadecimal.encode($0)) } ?? .null),
            JSONMember("counter", result.counterHandle.map { .string(Hexadecimal.prefixed($0)) } ?? .null),
            JSONMember("approved", .bool(result.isApproved)),
            JSONMember("pcrs", .object([JSONMember("sha256", .object(values))])),
        ])
        Console.print(object.compact)
    }
}

/// Runs `body` and turns its error into the command's.
func enrolling<Value: ~Copyable>(_ body: () throws(EnrollmentError) -> Value) throws(CommandFailure) -> Value {
    try rethrow(as: { CommandFailure($0) }, body)
}

extension CommandFailure {
    init(_ error: EnrollmentError) { self.init(code: error.exitCode, area: error.area, detail: error.description) }
}
