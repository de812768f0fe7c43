internal import BootPolicy
internal import Configuration
internal import Cryptography
internal import EventLog
internal import InitramfsRuntime
internal import Sealing
internal import TPM

/// Step 4: is the chain that led here one that the reference allows? Nothing is asked of the TPM but its PCRs.
struct BootExamination {
    /// The session that the PCRs were read over; the fence is extended over the same one.
    let session: AuthenticatedSession?
    /// PCR 0 to 15 of the SHA-256 bank.
    let values: [PCRValue]
    /// The chain, as far as there was a log to tell of it.
    let verdict: BootVerdict?
    /// Why the boot is not accepted.
    let problem: UnlockFailure?

    /// Far more than any firmware writes; edk2's own limit is 64 KiB.
    private static let longestLog = 1 << 20

    /// - Parameter key: where it is known, the answers are those of the TPM that holds it.
    /// - Throws: where the TPM cannot be asked; whatever else is wrong becomes the `problem`.
    static func run(
        _ files: BootFiles, _ rules: BootRules, over key: StorageKey?, _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> BootExamination {
        var session: AuthenticatedSession?
        let values: [PCRValue]
        do throws(TPMError) {
            if let key {
                let started = try tpm.startSession(saltedTo: key)
                values = try tpm.readPCRs(.boot, over: started)
                session = started
            } else {
                values = try tpm.readPCRs(.boot)
            }
        } catch { throw .tpm(error) }
        do throws(UnlockFailure) {
            let verdict = try judge(files, rules, values)
            return BootExamination(
                session: session, values: values, verdict: verdict,
                problem: verdict.firstRefused.map { .boot($0) })
        } catch { return BootExamination(session: session, values: values, verdict: nil, problem: error) }
    }

    private static func judge(
        _ files: BootFiles, _ rules: BootRules, _ values: [PCRValue]
    ) throws(UnlockFailure) -> BootVerdict {
        let reference = try reference(files.reference)
        let log = if let path = files.eventLog { try eventLog(path) } else { try kernelLog() }
        let check = BootCheck(log: log, reference: reference, arguments: rules.arguments)
        let pcrs = values.map { FoundPCR(index: $0.index, value: $0.digest) }
        return try rethrow(as: UnlockFailure.cryptography) { () throws(CryptographyError) in
            try check.verdict(pcrs: pcrs, later: [rules.fence, .phases])
        }
    }

    private static func reference(_ path: String) throws(UnlockFailure) -> Reference {
        let bytes = try rethrow(as: UnlockFailure.referenceFile) { () throws(FileError) in
            try FileBytes.read(path, limit: Reference.longest)
        }
        return try rethrow(as: UnlockFailure.reference) { () throws(ReferenceError) in try Reference(parsing: bytes) }
    }

    /// The TPM has answered by now: what is missing is not the machine's TPM but the account of what it holds.
    private static func kernelLog() throws(UnlockFailure) -> EventLog {
        do throws(UnlockFailure) { return try eventLog(EventLog.kernelFile) } catch {
            guard case .eventLogFile(let file) = error, file.isMissing else { throw error }
            throw .noEventLog([])
        }
    }

    private static func eventLog(_ path: String) throws(UnlockFailure) -> EventLog {
        let bytes = try rethrow(as: UnlockFailure.eventLogFile) { () throws(FileError) in
            try FileBytes.read(path, limit: longestLog)
        }
        return try rethrow(as: UnlockFailure.eventLog) { () throws(EventLogError) in try EventLog(parsing: bytes) }
    }
}

/// What the configuration says about the check.
struct BootRules {
    let arguments: ArgumentRules
    let fence: LaterEvents

    init(_ configuration: GuestConfiguration?) {
        arguments = ArgumentRules(configuration)
        fence = LaterEvents(
            pcr: configuration?.fencePCR ?? GuestConfiguration.defaultFencePCR, events: [FenceEvent.bytes])
    }
}
