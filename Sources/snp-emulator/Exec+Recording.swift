internal import EmulatedMachine
internal import InitramfsRuntime
internal import SNPEmulator

extension Exec {
    /// The way to the TPM past the host that keeps what it sees, where it is to.
    func recorded(_ tpm: VirtualTPM) throws(CommandFailure) -> TPMServer.Transport {
        guard let recordTPM else { return tpm.answer }
        let recorder: TPMRecorder
        do throws(FileError) { recorder = TPMRecorder(try TPMRecording(recordTPM), before: tpm) } catch {
            throw CommandFailure(error, area: "recording")
        }
        return { command in
            do throws(SVSMError) { return try recorder.exchange(command) } catch { return nil }
        }
    }
}
