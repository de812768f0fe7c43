internal import BootPolicy
internal import Configuration
internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
internal import SealedFormat
internal import TPM

/// The unlock of one volume, step by step. Source: architecture, section 2.
public enum Unlock {
    /// What a run has found out so far; it becomes the report.
    struct Progress {
        var log = StepLog()
        var chain: [ComponentVerdict] = []
        var tpmCommands = 0
        var mapping: String?
        /// The storage key, once it is known to be the volume's own.
        var storageKey: StorageKey?
        /// Salted to it, kept from the check of the boot for the fence.
        var session: AuthenticatedSession?
        /// What the volume key is recorded as, once the volume is open.
        var record: [Measurement] = []
    }

    /// Runs all steps and says how it ended. Once the TPM was reached, the fence is extended whatever
    /// happens, unless nobody wanted the volume mapped: then this is a check, not a boot.
    public static func run(_ options: UnlockOptions) -> UnlockReport {
        var progress = Progress()
        var result = UnlockReport.Result.failed
        var failure: UnlockFailure?
        do throws(UnlockFailure) {
            result = try attempt(options, &progress)
        } catch {
            result = error.isRefusal ? .refused : .failed
            failure = error
        }
        return UnlockReport(
            result: result, failure: failure, mapping: failure == nil ? progress.mapping : nil,
            steps: progress.log.entries, chain: progress.chain, tpmCommands: progress.tpmCommands)
    }

    private static func attempt(
        _ options: UnlockOptions, _ progress: inout Progress
    ) throws(UnlockFailure) -> UnlockReport.Result {
        let configuration = try progress.log.run(.configure) { () throws(UnlockFailure) in
            try Preparation.configuration(options)
        }
        let tpm = try progress.log.run(.prepare) { () throws(UnlockFailure) in
            try Preparation.prepare(configuration, isLoadingModules: options.isActivating)
        }
        var result = UnlockReport.Result.failed
        var failure: UnlockFailure?
        do throws(UnlockFailure) {
            result = try open(configuration, options, tpm, &progress)
        } catch { failure = error }
        do throws(UnlockFailure) {
            if options.isActivating { try fence(configuration, tpm, &progress) }
        } catch { failure = failure ?? error }
        // What was not used up is flushed now, while there is a TPM to flush it from.
        progress.session = nil
        progress.tpmCommands = tpm.commandCount
        if let failure {
            withdraw(&progress)
            throw failure
        }
        return result
    }

    private static func fence(
        _ configuration: GuestConfiguration, _ tpm: borrowing TPM, _ progress: inout Progress
    ) throws(UnlockFailure) {
        let key = progress.storageKey
        let record = progress.record
        let session = progress.session
        try progress.log.run(.fence) { () throws(UnlockFailure) in
            try rethrow(as: UnlockFailure.fence) { () throws(FenceError) in
                guard let key else { return try Fence.extend(configuration.fencePCR, of: tpm) }
                try Fence.close(configuration.fencePCR, of: tpm, over: key, session, thenRecording: record)
            }
        }
    }

    /// A volume that is open while the TPM would still unseal must not stay open: whoever comes next in this
    /// boot could have the secret again.
    private static func withdraw(_ progress: inout Progress) {
        guard let mapping = progress.mapping else { return }
        progress.mapping = nil
        do throws(LUKSError) { try LUKSVolume.deactivate(mapping) } catch {
            Console.report("sealroot: volume: cannot close " + mapping + ": " + error.description)
        }
    }
}
