internal import ArgumentParser
internal import BoundedBytes
internal import Configuration
internal import Enrollment
internal import InitramfsRuntime
internal import JSON
internal import Secrets
internal import TPM

struct Enroll: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Seal a LUKS2 volume to this machine's TPM and to the boot chain that it measured.",
        discussion: """
            Adds a keyslot and a token; the passphrases of the volume stay as they are. Run it in the system \
            that was booted by the very chain that shall unlock the volume from now on.
            """)

    @Argument(help: "A LUKS2 block device or image file.")
    var device: String

    @Option(help: ArgumentHelp("File with a passphrase of the volume, '-' for standard input.", valueName: "file"))
    var keyFile: String?

    @Option(help: ArgumentHelp("SHA-256 PCRs that the key is bound to, with commas between.", valueName: "list"))
    var pcrs = Enrollment.defaultPCRs.map(String.init).joined(separator: ",")

    @Option(help: ArgumentHelp("PCR that sealroot-init extends after the unlock.", valueName: "index"))
    var fencePCR = GuestConfiguration.defaultFencePCR

    @Option(
        help: ArgumentHelp(
            "Persistent handle of the storage key (default: 0x81000002 or 0x81000001, made where there is none).",
            valueName: "handle"))
    var parent: String?

    @Option(
        help: ArgumentHelp(
            "Who approves further boots: local (a key that is kept on this root), none, or a PEM public key.",
            valueName: "local|none|pem"))
    var authority = "local"

    @Option(
        help: ArgumentHelp(
            "NV index that revokes old tokens (default: auto with a local authority, else none).",
            valueName: "auto|none|handle"))
    var counter: String?

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
        guard PCRList.parse(pcrs) != nil else { throw ValidationError(PCRList.explanation) }
        guard parent == nil || parentHandle != nil else {
            throw ValidationError("--parent takes a persistent handle such as 0x81000002")
        }
    }

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let authority = try SealingArguments.authority(authority)
            let passphrase = try PassphraseInput.read(keyFile: keyFile)
            let tpm = try tpm.connect()
            let enrollment = Enrollment(
                device: device, pcrs: PCRList.parse(pcrs) ?? [], fencePCR: fencePCR, parentHandle: parentHandle,
                authority: authority, counter: counterChoice(authority), store: state.store)
            show(
                try enrolling { () throws(EnrollmentError) in
                    try enrollment.enroll(passphrase: passphrase, tpm: tpm)
                })
        }
    }

    private func counterChoice(_ authority: AuthorityChoice) -> CounterChoice {
        counter.flatMap(SealingArguments.counter) ?? (authority == .local ? .automatic : CounterChoice.absent)
    }

    /// Handles of persistent objects begin with 0x81. Source: TCG TPM 2.0 Library, Part 2, section 7.2.
    private var parentHandle: UInt32? {
        parent.flatMap(Hexadecimal.parsePrefixed).flatMap { $0 >> 24 == 0x81 ? $0 : nil }
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
