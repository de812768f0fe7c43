internal import ArgumentParser
internal import BootPolicy
internal import BoundedBytes
internal import Configuration
internal import Cryptography
internal import EventLog
internal import InitramfsRuntime
internal import JSON
internal import Sealing
internal import TPM

struct ReferenceCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say, component by component, whether a boot is one that a reference manifest allows.",
        discussion: """
            Without --tcti the log is taken at its word. With it, the PCRs of that TPM must be those that the log \
            leads to. Exit status 77 says that something is refused.
            """)

    @Argument(help: "The reference manifest.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("The log of the boot (default: the kernel's).", valueName: "file"), completion: .file())
    var eventlog = EventLog.kernelFile

    @Option(help: ArgumentHelp("Refuse this argument of the kernel, too; may be repeated.", valueName: "argument"))
    var denyArgument: [String] = []

    @Option(help: ArgumentHelp("Accept this argument of the kernel; may be repeated.", valueName: "argument"))
    var allowArgument: [String] = []

    @Option(help: ArgumentHelp("Compare with the PCRs of this TPM.", valueName: "conf"))
    var tcti: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        var isAccepted = true
        try reporting(json: json) { () throws(CommandFailure) in
            let reference = try Reference.read(file)
            let log = try EventLog.read(eventlog)
            let check = BootCheck(
                log: log, reference: reference, arguments: ArgumentRules(denied: denyArgument, allowed: allowArgument))
            let fence = LaterEvents(pcr: GuestConfiguration.defaultFencePCR, events: [FenceEvent.bytes])
            let pcrs = try pcrs(log)
            let verdict = try hashing { () throws(CryptographyError) in
                try check.verdict(pcrs: pcrs, later: [fence, .phases])
            }
            isAccepted = verdict.isAccepted
            show(verdict)
        }
        guard isAccepted else { throw ArgumentParser.ExitCode(InitramfsRuntime.ExitCode.bootRefused.rawValue) }
    }

    /// Those of the TPM, or else those that the log leads to.
    private func pcrs(_ log: EventLog) throws(CommandFailure) -> [FoundPCR] {
        if let tcti {
            do throws(TPMError) {
                return try TPM.connect(tcti: tcti).readPCRs(.boot).map { FoundPCR(index: $0.index, value: $0.digest) }
            } catch { throw CommandFailure(code: .unavailable, area: "tpm", detail: error.description) }
        }
        return try hashing { () throws(CryptographyError) in try log.replayedBootPCRs() }
    }

    private func show(_ verdict: BootVerdict) {
        guard json else { return verdict.components.forEach { Console.print($0.line) } }
        Console.print(
            JSONValue.object([
                JSONMember("result", .string(verdict.isAccepted ? "accepted" : "refused")),
                JSONMember("compared_with_tpm", .bool(tcti != nil)),
                JSONMember("chain", .array(verdict.components.map(\.json))),
            ]).compact)
    }
}
