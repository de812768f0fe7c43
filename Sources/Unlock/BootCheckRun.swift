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
            if let failure { members += failure.members }
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
        do throws(UnlockFailure) { return try Preparation.configuration(at: path) } catch {
            guard case .configurationFile(let file) = error, file.isMissing else { throw error }
            return nil
        }
    }
}
