internal import ArgumentParser
internal import BoundedBytes
internal import Configuration
internal import Enrollment
internal import InitramfsRuntime
internal import OfflineSealing

/// The options of sealing to a TPM that is not at hand.
struct SealToOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Seal to the TPM with this storage or endorsement key: TPM2B_PUBLIC, or a PEM public key.",
            valueName: "file"), completion: .file())
    var sealTo: String?

    @Option(help: ArgumentHelp("SHA-256 PCRs that the key is bound to, with commas between.", valueName: "list"))
    var pcrs = Enrollment.defaultPCRs.map(String.init).joined(separator: ",")

    @Option(help: ArgumentHelp("PCR that sealroot-init extends after the unlock.", valueName: "index"))
    var fencePCR = GuestConfiguration.defaultFencePCR

    @Option(
        help: ArgumentHelp(
            "Persistent handle of the storage key (default: 0x81000002 or 0x81000001, made where there is none).",
            valueName: "handle"))
    var parent: String?

    static let parentExplanation = "--parent takes a persistent handle such as 0x81000002"
    private static let longestFile = 1 << 16

    func validate() throws {
        guard PCRList.parse(pcrs) != nil else { throw ValidationError(PCRList.explanation) }
        guard parent == nil || parentHandle != nil else { throw ValidationError(Self.parentExplanation) }
    }

    /// Handles of persistent objects begin with 0x81. Source: TCG TPM 2.0 Library, Part 2, section 7.2.
    var parentHandle: UInt32? {
        parent.flatMap(Hexadecimal.parsePrefixed).flatMap { $0 >> 24 == 0x81 ? $0 : nil }
    }

    /// The key to seal to; nil where the TPM is this machine's.
    func target() throws(CommandFailure) -> DuplicationTarget? {
        guard let sealTo else { return nil }
        let bytes = try CommandFailure.reading(sealTo, limit: Self.longestFile, area: "seal-to")
        do throws(TargetDefect) { return try DuplicationTarget(parsing: bytes) } catch {
            throw CommandFailure(code: .malformed, area: "seal-to", detail: sealTo + ": " + error.description)
        }
    }

    func enrollment(of device: String, for target: DuplicationTarget) -> OfflineEnrollment {
        OfflineEnrollment(
            device: device, target: target, handle: parentHandle, pcrs: PCRList.parse(pcrs) ?? [], fencePCR: fencePCR)
    }

    /// The private key that approves the boots; nil for `local`.
    static func owner(_ authority: String) throws(CommandFailure) -> OwnerKey? {
        guard authority != "local" else { return nil }
        do throws(FileError) {
            guard let key = OwnerKey(pem: try FileBytes.readSecret(authority, limit: longestFile)) else {
                throw FileError(.limit, authority, errno: 0)
            }
            return key
        } catch {
            guard error.operation == .limit else { throw CommandFailure(error, area: "authority") }
            throw CommandFailure(
                code: .malformed, area: "authority",
                detail: authority + " is no PEM private key on the curve P-256, which approves without a TPM")
        }
    }
}
