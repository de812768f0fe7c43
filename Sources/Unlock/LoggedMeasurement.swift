internal import Cryptography
internal import InitramfsRuntime
internal import MeasurementLog
internal import TPM

/// An extension of a PCR, and what the log of measurements calls it.
struct LoggedMeasurement {
    let measurement: Measurement
    let text: String
    let eventType: MeasurementRecord.EventType?

    /// The banks that it names; none for an event, which every active bank is extended with.
    var banks: [DigestAlgorithm] {
        if case .digests(let digests) = measurement.content { digests.map { $0.bank } } else { [] }
    }
}

/// The log of measurements, as far as it can be had. Where it cannot be written, that is reported, and the boot goes
/// on: nobody's fence depends on it.
struct OpenMeasurementLog: ~Copyable {
    private var log: MeasurementLog?
    /// The banks that a TPM2_PCR_Event extends; its answer has digests of others, too.
    private var banks: [DigestAlgorithm] = []

    /// Opens the log at `path`, before the extension.
    ///
    /// - Parameter banks: the active ones, where they are known; otherwise the TPM is asked.
    init(_ path: String, banks known: [DigestAlgorithm], _ tpm: borrowing TPM) {
        do throws(TPMError) { banks = known.isEmpty ? try tpm.activeBanks() : known } catch {
            Self.report(error.description)
            return
        }
        do throws(MeasurementLogError) { log = try MeasurementLog.open(path) } catch {
            Self.report(error.description)
        }
    }

    /// Records what was extended, one list of digests a measurement.
    mutating func finish(_ measurements: [LoggedMeasurement], _ digests: [[BankDigest]]) {
        let records = zip(measurements, digests).map { [banks] (measurement, digests) in
            MeasurementRecord(
                pcr: measurement.measurement.pcr,
                digests: digests.filter { banks.contains($0.bank) }.map { .init($0.bank, $0.digest) },
                text: measurement.text, eventType: measurement.eventType)
        }
        do throws(MeasurementLogError) { try log.take()?.finish(with: records) } catch {
            Self.report(error.description)
        }
    }

    /// Lets go of the log after a failure. Where the TPM may have extended something, the mark stays that says so.
    mutating func abandon(isUntouched: Bool) {
        guard log != nil else { return }
        guard !isUntouched else { return finish([], []) }
        log = nil
        Self.report("an extension may be missing: it stays marked as unfinished")
    }

    /// Extends as `measurement` says, over a session with `key` where there is one, and records it in the log at
    /// `path`.
    static func extend(
        _ measurement: LoggedMeasurement, of tpm: borrowing TPM, over key: StorageKey?, log path: String
    ) throws(TPMError) {
        var log = OpenMeasurementLog(path, banks: measurement.banks, tpm)
        let sent = tpm.commandCount
        do throws(TPMError) {
            log.finish([measurement], try tpm.measure([measurement.measurement], over: key))
        } catch {
            log.abandon(isUntouched: tpm.commandCount == sent)
            throw error
        }
    }

    private static func report(_ text: String) {
        Console.report("sealroot: tpm: warning: log of measurements: " + text)
    }
}
