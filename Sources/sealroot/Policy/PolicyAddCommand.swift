internal import ArgumentParser
internal import BoundedBytes
internal import Configuration
internal import Cryptography
internal import Enrollment
internal import InitramfsRuntime
internal import JSON
internal import TPM

/// `sealroot policy add`.
struct PolicyAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a policy that the authority has approved, or take a step of the counter.",
        discussion: "The signature is DER, as openssl writes it, or the 64 bytes r and s.")

    @OptionGroup var device: DeviceArgument
    @OptionGroup var state: StateOptions
    @OptionGroup var tpm: TPMOptions

    @Option(help: ArgumentHelp("What 'policy digest' wrote.", valueName: "file"), completion: .file())
    var request: String

    @Option(help: ArgumentHelp("The authority's signature over the message.", valueName: "file"), completion: .file())
    var signature: String

    @Flag(help: "Print the result as JSON.")
    var json = false

    private static let longestRequest = 1 << 16
    private static let longestSignature = 1024

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let configuration = try device.configuration()
            let resealing = Resealing(
                device: try device.path(configuration), store: state.store,
                fencePCR: configuration?.fencePCR ?? GuestConfiguration.defaultFencePCR)
            let request = try readRequest()
            let signature = try readSignature()
            let tpm = try tpm.connect()
            ResealReport(
                try enrolling { () throws(EnrollmentError) in
                    try resealing.fulfil(request, signature: signature, tpm)
                }
            ).print(json: json)
        }
    }

    private func readRequest() throws(CommandFailure) -> PolicyRequest {
        let bytes = try CommandFailure.reading(request, limit: Self.longestRequest, area: "request")
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue(parsing: bytes) } catch {
            throw CommandFailure(code: .malformed, area: "request", detail: request + ": " + error.description)
        }
        return try enrolling { () throws(EnrollmentError) in try PolicyRequest(json) }
    }

    private func readSignature() throws(CommandFailure) -> [UInt8] {
        let bytes = try CommandFailure.reading(signature, limit: Self.longestSignature, area: "signature")
        if bytes.count == 64 { return bytes }
        guard let parts = EllipticSignature.decode(bytes) else {
            throw CommandFailure(
                code: .malformed, area: "signature", detail: signature + " is no ECDSA signature over P-256")
        }
        return parts
    }
}
