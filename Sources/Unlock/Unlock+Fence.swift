internal import Configuration
internal import InitramfsRuntime
internal import TPM

/// The last step.
extension Unlock {
    static func fence(
        _ configuration: GuestConfiguration, _ options: UnlockOptions, _ tpm: borrowing TPM,
        _ progress: inout Progress
    ) throws(UnlockFailure) {
        let key = progress.storageKey
        let record = progress.record
        let session = progress.session
        let (index, log) = (configuration.fencePCR, options.measurementLogPath)
        try progress.log.run(.fence) { () throws(UnlockFailure) in
            try rethrow(as: UnlockFailure.fence) { () throws(FenceError) in
                guard let key else { return try Fence.extend(index, of: tpm, log: log) }
                try Fence.close(index, of: tpm, over: key, session, thenRecording: record, log: log)
            }
        }
    }

    /// Fences with the defaults, for want of a configuration that can be read. This boot ends anyway; a TPM that cannot
    /// be fenced is reported beside the reason.
    static func fenceByDefault(_ options: UnlockOptions, _ progress: inout Progress) {
        do throws(UnlockFailure) {
            let tpm = try progress.log.run(.prepare) { () throws(UnlockFailure) in
                try Preparation.prepare(
                    tcti: options.tcti ?? GuestConfiguration.defaultTCTI,
                    timeoutSeconds: GuestConfiguration.defaultTimeoutSeconds, isLoadingModules: true)
            }
            let log = options.measurementLogPath
            try progress.log.run(.fence) { () throws(UnlockFailure) in
                try rethrow(as: UnlockFailure.fence) { () throws(FenceError) in
                    try Fence.extend(GuestConfiguration.defaultFencePCR, of: tpm, log: log)
                }
            }
            progress.tpmCommands = tpm.commandCount
        } catch { Console.report("sealroot: " + error.area + ": failed: " + error.description) }
    }
}
