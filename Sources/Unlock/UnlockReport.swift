public import BootPolicy
public import InitramfsRuntime
public import JSON

/// How an unlock ended: what `/run/sealroot/status.json` holds. It holds no secret.
public struct UnlockReport {
    public enum Result: String, Sendable {
        /// The volume is mapped.
        case unlocked
        /// All was checked up to the mapping, which nobody wanted (`--no-activate`).
        case verified
        /// Opened by a recovery key, after a failure that is kept in the report.
        case recovered
        /// There is no token, and the configuration leaves such a volume to a passphrase prompt.
        case unenrolled
        case refused
        case failed
    }

    public let result: Result
    /// Why the TPM did not open the volume.
    public let failure: UnlockFailure?
    public let mapping: String?
    public let steps: [StepLog.Entry]
    /// The boot chain, as far as it was looked at.
    public let chain: [ComponentVerdict]
    /// Nil where the boot did not come to that, or the configuration does not want it.
    public let attestation: AttestationVerdict?
    /// TPM commands put on the wire.
    public let tpmCommands: Int

    public var exitCode: ExitCode { result == .recovered ? .done : failure?.exitCode ?? .done }

    /// Source: command contract, `sealroot-init`.
    public var json: JSONValue {
        var members = [
            JSONMember("version", .integer(1)),
            JSONMember("result", .string(result.rawValue)),
            JSONMember("code", .integer(Int64(exitCode.rawValue))),
            JSONMember("mapping", mapping.map { .string($0) } ?? .null),
            JSONMember("steps", .array(steps.map(Self.json))),
            JSONMember("chain", .array(chain.map { $0.json })),
            JSONMember("attestation", attestation?.json ?? .null),
            JSONMember("tpm_commands", .integer(Int64(tpmCommands))),
        ]
        if let failure { members += failure.members }
        return .object(members)
    }

    private static func json(_ step: StepLog.Entry) -> JSONValue {
        .object([
            JSONMember("name", .string(step.name.rawValue)),
            JSONMember("result", .string(step.outcome.rawValue)),
            JSONMember("milliseconds", .integer(step.milliseconds)),
        ])
    }
}

extension UnlockFailure {
    /// What a report says of it.
    var members: [JSONMember] {
        [JSONMember("area", .string(area)), JSONMember("reason", .string(description))]
    }
}
