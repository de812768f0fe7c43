public import BootPolicy
internal import Configuration
public import InitramfsRuntime
public import JSON
internal import TPM

/// Step 4 alone, as `sealroot-init check` runs it: it changes nothing and asks the TPM for its PCRs only.
///
/// The storage key is not known here, so the transport could forge the answer: the unlock is what decides.
public enum BootCheckRun {
    public struct Options: Sendable {
        public var configurationPath = UnlockOptions.defaultConfigurationPath
        public var files = BootFiles()
        /// Takes the place of the configuration's `tcti`.
        public var tcti: String?

        public init() {}
    }

    public struct Report {
        /// Nil where there was nothing to judge.
        public let verdict: BootVerdict?
        public let failure: UnlockFailure?

        public var exitCode: ExitCode { failure?.exitCode ?? .done }

        public var json: JSONValue {
            var members = [
                JSONMember("version", .integer(1)),
                JSONMember("result", .string(failure.map { $0.isRefusal ? "refused" : "failed" } ?? "accepted")),
                JSONMember("code", .integer(Int64(exitCode.rawValue))),
                JSONMember("chain", .array(verdict?.components.map { $0.json } ?? [])),
            ]
            if let failure {
                members.append(JSONMember("area", .string(failure.area)))
                members.append(JSONMember("reason", .string(failure.description)))
            }
            return .object(members)
        }
    }

    public static func run(_ options: Options) -> Report {
        do throws(UnlockFailure) {
            let configuration = try configuration(options.configurationPath)
            let tcti = options.tcti ?? configuration?.tcti ?? GuestConfiguration.defaultTCTI
            let tpm = try rethrow(as: UnlockFailure.tpm) { () throws(TPMError) in try TPM.connect(tcti: tcti) }
            let examination = try BootExamination.run(options.files, BootRules(configuration), over: nil, tpm)
            return Report(verdict: examination.verdict, failure: examination.problem)
        } catch { return Report(verdict: nil, failure: error) }
    }

    /// Nil where there is none: the standard rules hold.
    private static func configuration(_ path: String) throws(UnlockFailure) -> GuestConfiguration? {
        var bytes: [UInt8] = []
        do throws(FileError) { bytes = try FileBytes.read(path, limit: 1 << 16) } catch {
            guard error.isMissing else { throw .configurationFile(error) }
            return nil
        }
        return try rethrow(as: UnlockFailure.configuration) { () throws(ConfigurationError) in
            try GuestConfiguration(parsing: bytes)
        }
    }
}
