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

    @OptionGroup var tpm: TPMOptions

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard parsedPCRs != nil else { throw ValidationError("--pcrs takes numbers from 0 to 23, with commas between") }
        guard parent == nil || parentHandle != nil else {
            throw ValidationError("--parent takes a persistent handle such as 0x81000002")
        }
    }

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let passphrase = try PassphraseInput.read(keyFile: keyFile)
            let tpm = try tpm.connect()
            let enrollment = Enrollment(
                device: device, pcrs: parsedPCRs ?? [], fencePCR: fencePCR, parentHandle: parentHandle)
            do throws(EnrollmentError) {
                show(try enrollment.enroll(passphrase: passphrase, tpm: tpm))
            } catch { throw CommandFailure(error) }
        }
    }

    private var parsedPCRs: [Int]? {
        let words = pcrs.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "," || $0 == "+" })
        let numbers = words.compactMap { Int($0) }.filter { (0...23).contains($0) }
        return numbers.count == words.count ? numbers : nil
    }

    /// Handles of persistent objects begin with 0x81. Source: TCG TPM 2.0 Library, Part 2, section 7.2.
    private var parentHandle: UInt32? {
        parent.flatMap(Hexadecimal.parsePrefixed).flatMap { $0 >> 24 == 0x81 ? $0 : nil }
    }

    private func show(_ result: Enrollment.Result) {
        let name = Hexadecimal.encode(result.parentName)
        guard json else {
            Console.print("enrolled: keyslot " + String(result.keyslot) + ", token " + String(result.token))
            Console.print("storage key: " + Hexadecimal.prefixed(result.parentHandle) + ", parent-name = " + name)
            for pcr in result.pcrs { Console.print("PCR " + String(pcr.index) + ": " + Hexadecimal.encode(pcr.digest)) }
            return
        }
        let values = result.pcrs.map { JSONMember(String($0.index), .string(Hexadecimal.encode($0.digest))) }
        let object = JSONValue.object([
            JSONMember("keyslot", .integer(Int64(result.keyslot))), JSONMember("token", .integer(Int64(result.token))),
            JSONMember("parent", .string(Hexadecimal.prefixed(result.parentHandle))),
            JSONMember("parent_name", .string(name)),
            JSONMember("pcrs", .object([JSONMember("sha256", .object(values))])),
        ])
        Console.print(object.compact)
    }
}

extension CommandFailure {
    init(_ error: EnrollmentError) { self.init(code: error.exitCode, area: error.area, detail: error.description) }
}
