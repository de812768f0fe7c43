internal import Attesting
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
        var attestation: AttestationVerdict?
        var tpmCommands = 0
        var mapping: String?
        /// The storage key, once it is known to be the volume's own.
        var storageKey: StorageKey?
        /// Salted to it, kept from the check of the boot for the fence.
        var session: AuthenticatedSession?
        /// What a recovery has overcome.
        var overcome: UnlockFailure?
        /// What the volume key is recorded as, once the volume is open.
        var record: [LoggedMeasurement] = []
    }

    /// Runs all steps and says how it ended. Where a TPM can be reached, the fence is extended whatever
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
            result: result, failure: failure ?? progress.overcome, mapping: failure == nil ? progress.mapping : nil,
            steps: progress.log.entries, chain: progress.chain, attestation: progress.attestation,
            tpmCommands: progress.tpmCommands)
    }

    private static func attempt(
        _ options: UnlockOptions, _ progress: inout Progress
    ) throws(UnlockFailure) -> UnlockReport.Result {
        let configuration: GuestConfiguration
        do throws(UnlockFailure) {
            configuration = try progress.log.run(.configure) { () throws(UnlockFailure) in
                try Preparation.configuration(options)
            }
        } catch {
            if options.isActivating { fenceByDefault(options, &progress) }
            throw error
        }
        do throws(UnlockFailure) {
            let tpm = try progress.log.run(.prepare) { () throws(UnlockFailure) in
                try Preparation.prepare(
                    tcti: configuration.tcti, timeoutSeconds: configuration.timeoutSeconds,
                    isLoadingModules: options.isActivating)
            }
            return try attempt(configuration, options, tpm, &progress)
        } catch {
            // Without a TPM there is nothing to fence, and nothing to record in.
            guard case .tpmMissing = error else { throw error }
            return try recover(from: error, configuration, options, &progress) { _, _ in }
        }
    }

    private static func attempt(
        _ configuration: GuestConfiguration, _ options: UnlockOptions, _ tpm: borrowing TPM,
        _ progress: inout Progress
    ) throws(UnlockFailure) -> UnlockReport.Result {
        var result = UnlockReport.Result.failed
        var failure: UnlockFailure?
        var isFenced = false
        do throws(UnlockFailure) {
            result = try open(configuration, options, tpm, &progress)
        } catch { failure = error }
        do throws(UnlockFailure) {
            if options.isActivating {
                try fence(configuration, options, tpm, &progress)
                isFenced = true
            }
        } catch { failure = failure ?? error }
        // What was not used up is flushed now, while there is a TPM to flush it from.
        progress.session = nil
        if let refused = failure {
            withdraw(&progress)
            do throws(UnlockFailure) {
                // Whoever opens the volume now must not have the TPM's secret, too.
                guard isFenced || !options.isActivating else { throw refused }
                let key = progress.storageKey
                result = try recover(from: refused, configuration, options, &progress) {
                    (volumeKey, header) throws(UnlockFailure) in
                    try VolumeRecord.measure(
                        volumeKey, header, configuration, over: key, tpm, log: options.measurementLogPath)
                }
                failure = nil
            } catch { failure = error }
        }
        progress.tpmCommands = tpm.commandCount
        if let failure {
            withdraw(&progress)
            throw failure
        }
        return result
    }

    /// A volume that is open while the TPM would still unseal must not stay open: whoever comes next in this
    /// boot could have the secret again.
    static func withdraw(_ progress: inout Progress) {
        guard let mapping = progress.mapping else { return }
        progress.mapping = nil
        do throws(LUKSError) { try LUKSVolume.deactivate(mapping) } catch {
            Console.report("sealroot: volume: cannot close " + mapping + ": " + error.description)
        }
    }
}
