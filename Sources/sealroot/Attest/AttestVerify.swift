internal import ArgumentParser
internal import Attestation
internal import BoundedBytes
internal import CLinux
internal import Cryptography
internal import InitramfsRuntime
internal import JSON

struct AttestVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Say whether a report comes from a genuine AMD processor, and whether it is what a policy demands.",
        discussion: """
            FILE is a report of 1184 bytes, or the evidence that 'sealroot attest report' writes. Certificates come from \
            the evidence and from --certs: files in DER or PEM, and tables of extended reports, told apart by what they \
            hold; others in a folder are passed over. AMD's roots of Milan, Genoa and Turin are built in; that of an \
            emulated chip counts only with --roots or in the policy.

            Without --policy nothing is demanded of the guest: the report is genuine then, whatever it says. Exit status \
            76 says that something is refused, 65 that FILE or a certificate is malformed, 78 that the policy is, and 66 \
            that a file is missing.
            """)

    @Argument(help: "The report or the evidence.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("What is demanded of the guest.", valueName: "file"), completion: .file())
    var policy: String?

    @Option(
        help: ArgumentHelp("A folder or file with certificates; may be repeated.", valueName: "dir"),
        completion: .directory)
    var certs: [String] = []

    @Option(help: ArgumentHelp("Trust these roots, too; may be repeated.", valueName: "pem"), completion: .file())
    var roots: [String] = []

    @Option(help: "The time of the check: 2026-11-24, or with T12:00:00Z, or seconds (default: now).")
    var time: String?

    @Option(help: ArgumentHelp("The nonce that the guest was asked with, so that the report is new.", valueName: "hex"))
    var nonce: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        var isAccepted = false
        try reporting(json: json) { () throws(CommandFailure) in
            let judgement = try judge()
            isAccepted = judgement.isAccepted
            if json { Console.print(judgement.json.compact) } else { judgement.lines.forEach { Console.print($0) } }
        }
        guard isAccepted else {
            throw ArgumentParser.ExitCode(InitramfsRuntime.ExitCode.attestationRefused.rawValue)
        }
    }

    private func judge() throws(CommandFailure) -> EvidenceJudgement {
        let nonce = try nonceBytes()
        let clock = try seconds()
        let policy = try readPolicy()
        let input = try EvidenceInput.read(file)
        let certificates = try input.certificates(from: certs)
        let roots = try trustedRoots()
        let verifier = policy?.verifier(clock: clock, roots: roots) ?? ReportVerifier(roots: roots, time: clock)
        let binding = try hashing { () throws(CryptographyError) in try input.binding(nonce: nonce) }
        var judgement = EvidenceJudgement(report: input.report, time: verifier.time)
        do throws(VerificationFailure) {
            let verified = try verifier.verify(input.report, with: certificates)
            judgement.verified = verified
            judgement.binding = binding
            judgement.findings = policy?.report?.validate(verified)
            judgement.isNonceOurs = nonce != nil
        } catch {
            if case .library(let error) = error {
                throw CommandFailure(code: .internalFault, area: "attest", detail: error.description)
            }
            judgement.failure = error
        }
        return judgement
    }

    private func nonceBytes() throws(CommandFailure) -> [UInt8]? {
        guard let nonce else { return nil }
        guard let bytes = Hexadecimal.decode(nonce), (1...Evidence.longestNonce).contains(bytes.count) else {
            throw CommandFailure(
                code: .usage, area: "attest", detail: "--nonce: not 1 to 64 bytes in hexadecimal digits")
        }
        return bytes
    }

    private func seconds() throws(CommandFailure) -> Int64 {
        guard let time else { return Int64(CLinux.time(nil)) }
        guard let seconds = UTCTime.parse(time) else {
            throw CommandFailure(
                code: .usage, area: "attest", detail: "--time: '" + Printable.escape(time) + "' is no time")
        }
        return seconds
    }

    private func readPolicy() throws(CommandFailure) -> AttestationPolicy? {
        guard let policy else { return nil }
        let bytes = try CommandFailure.reading(policy, limit: AttestationPolicy.longest, area: "attest")
        do throws(DocumentError) { return try AttestationPolicy(parsing: bytes) } catch {
            throw CommandFailure(code: .configuration, area: "attest", detail: policy + ": " + error.description)
        }
    }

    private func trustedRoots() throws(CommandFailure) -> TrustedRoots {
        var all = TrustedRoots.amd
        for file in roots {
            let bytes = try CommandFailure.reading(file, limit: PEMBundle.longest, area: "attest")
            guard let more = TrustedRoots(pem: bytes) else {
                throw CommandFailure(code: .malformed, area: "attest", detail: file + ": not certificates in PEM")
            }
            all = all.union(more)
        }
        return all
    }
}
