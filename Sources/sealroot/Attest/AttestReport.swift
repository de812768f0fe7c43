internal import ArgumentParser
internal import Attestation
internal import Attesting
internal import BoundedBytes
internal import Cryptography
internal import InitramfsRuntime
internal import JSON
internal import TPM

struct AttestReport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Get a report about this guest, and write it with all that is needed to judge it.",
        discussion: """
            By default the guest asks for itself, through configfs-tsm or /dev/sev-guest, with the nonce in REPORT_DATA. \
            With --provider svsm an SVSM vouches for its vTPM; azure-hcl takes the report that Azure's paravisor left in \
            the TPM, which has no nonce. The file is for 'sealroot attest verify'.
            """)

    @Option(
        help: ArgumentHelp("At most 64 bytes that whoever judges has chosen (default: random).", valueName: "hex"))
    var nonce: String?

    @Option(help: ArgumentHelp("Who vouches for what.", valueName: "sev-guest|svsm|azure-hcl"))
    var provider = "sev-guest"

    @Option(name: [.short, .long], help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file())
    var output: String

    @OptionGroup var tpm: TPMOptions

    func validate() throws {
        guard nonce.map({ (Hexadecimal.decode($0)?.count ?? .max) <= Evidence.longestNonce }) ?? true else {
            throw ValidationError("--nonce takes at most 128 hexadecimal digits")
        }
        guard ["sev-guest", "svsm", "azure-hcl"].contains(provider) else {
            throw ValidationError("--provider is sev-guest, svsm or azure-hcl")
        }
        guard provider != "azure-hcl" || nonce == nil else {
            throw ValidationError("Azure's report was made at boot: it takes no nonce")
        }
    }

    func run() throws {
        try reporting(json: false) { () throws(CommandFailure) in
            let evidence = try evidence()
            do throws(FileError) {
                try FileBytes.replace(output, with: Array((evidence.json.pretty + "\n").utf8), mode: 0o644)
            } catch { throw CommandFailure(error, area: "output") }
        }
    }

    private func evidence() throws(CommandFailure) -> Evidence {
        let source = EvidenceSource(GuestReports())
        do throws(AttestingError) {
            switch provider {
            case "svsm": return try source.svsm(nonce: nonceBytes())
            case "azure-hcl": return try azureReport(source)
            default: return try source.guest(nonce: nonceBytes())
            }
        } catch {
            throw CommandFailure(code: error.exitCode, area: "attestation", detail: error.description)
        }
    }

    private func azureReport(_ source: EvidenceSource<GuestReports>) throws(AttestingError) -> Evidence {
        let connection: TPM
        do throws(TPMError) { connection = try tpm.open() } catch { throw .tpm(error) }
        return try source.azureHCL(connection)
    }

    private func nonceBytes() throws(AttestingError) -> [UInt8] {
        if let nonce { return Hexadecimal.decode(nonce) ?? [] }
        do throws(CryptographyError) { return try Random.nonce(count: Evidence.longestNonce) } catch {
            throw .cryptography(error)
        }
    }
}
