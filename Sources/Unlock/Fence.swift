internal import Cryptography
internal import InitramfsRuntime
internal import Sealing
public import TPM

/// The fence: one more event in a PCR that every policy binds, so that this boot cannot unseal again.
///
/// Source: architecture, sections 2 and 4.4. Each extension is recorded in the log of measurements, for whoever replays
/// the PCRs later.
public enum Fence {
    /// Extends PCR `index` in every bank, and then what `record` holds. The answers are authenticated by `key`,
    /// so that the transport cannot swallow the fence; nor is it asked whether it is needed.
    ///
    /// - Parameter session: one that is salted to `key`. Where it is lost, another takes its place: extending the fence
    ///   twice does no harm.
    /// - Parameter log: path of the log of measurements.
    static func close(
        _ index: Int, of tpm: borrowing TPM, over key: StorageKey, _ session: AuthenticatedSession?,
        thenRecording record: [LoggedMeasurement], log path: String
    ) throws(FenceError) {
        let all = [measurement(into: index)] + record
        let measurements = all.map { $0.measurement }
        var log = OpenMeasurementLog(path, banks: record.first?.banks ?? [], tpm)
        let sent = tpm.commandCount
        do throws(TPMError) {
            if let session, let digests = try? tpm.measure(measurements, over: session) {
                return log.finish(all, digests)
            }
            // What became of a command whose answer was not good enough is not known.
            let isExact = tpm.commandCount == sent
            let digests = try tpm.measure(measurements, over: key)
            if isExact { log.finish(all, digests) } else { log.abandon(isUntouched: false) }
        } catch {
            log.abandon(isUntouched: tpm.commandCount == sent)
            throw .tpm(error)
        }
    }

    /// Extends PCR `index` in every bank, for want of a key without authentication. Where it holds the fence and
    /// nothing else already, nothing is left to do; where it holds other measurements it is extended again,
    /// which does no harm.
    ///
    /// - Parameter log: path of the log of measurements.
    public static func extend(_ index: Int, of tpm: borrowing TPM, log path: String) throws(FenceError) {
        guard let selection = PCRSelection(bank: .sha256, indices: [index]) else { throw .noSuchPCR(index) }
        let value = try rethrow(as: FenceError.tpm) { () throws(TPMError) in try tpm.readPCRs(selection) }
        let fenced = try rethrow(as: FenceError.cryptography) { () throws(CryptographyError) in
            try FenceEvent.fencedPCR()
        }
        guard value.first?.digest != fenced else { return }
        do throws(TPMError) {
            try OpenMeasurementLog.extend(measurement(into: index), of: tpm, over: nil, log: path)
        } catch { throw .tpm(error) }
    }

    private static func measurement(into index: Int) -> LoggedMeasurement {
        LoggedMeasurement(
            measurement: Measurement(pcr: index, event: FenceEvent.bytes), text: FenceEvent.text, eventType: nil)
    }
}
