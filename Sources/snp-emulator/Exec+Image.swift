internal import Cryptography
internal import InitramfsRuntime
internal import MeasuredBoot
internal import Prediction
internal import SNPEmulator

extension Exec {
    /// Boots the disk by the model of the firmware; nil where no disk is given.
    func measuredBoot() throws(CommandFailure) -> MeasuredBoot? {
        guard let image else { return nil }
        let firmware: Template
        do throws(PredictionError) { firmware = try Template.read(template) } catch {
            throw CommandFailure(error.exitCode, area: "firmware", error.description)
        }
        do throws(MeasuredBootError) { return try MeasuredBoot(image: image, template: firmware) } catch {
            throw CommandFailure(error.exitCode, area: "boot", error.description)
        }
    }

    /// What the guest's kernel shows of its boot. Without a TPM the firmware measures nothing, so there is no log.
    func record(of boot: MeasuredBoot?) throws(CommandFailure) -> BootRecord {
        var record = BootRecord()
        if let boot {
            record = BootRecord(log: hasSVSM ? boot.log : nil, variables: boot.variables)
        } else if let eventLog {
            do throws(FileError) { record = try BootRecord(logAt: eventLog) } catch {
                throw CommandFailure(error, area: "event log")
            }
        }
        if case .log(let attack)? = attack { record.log = record.log.map(attack.changed) }
        return record
    }
}

extension MeasuredBoot {
    /// Extends the TPM, as the firmware and what it starts do.
    func measure(into tpm: VirtualTPM) throws(CommandFailure) {
        do throws(SVSMError) {
            for event in extensions {
                try tpm.extend(
                    UInt32(event.pcr), zip(algorithms, event.digests).map { (algorithm: $0, bytes: $1) })
            }
        } catch { throw CommandFailure(svsm: error) }
    }
}
