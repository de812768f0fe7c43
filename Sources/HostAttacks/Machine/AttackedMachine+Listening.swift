internal import InitramfsRuntime

extension AttackedMachine {
    /// What `--record-tpm` writes.
    static let recording = "bus"

    /// Unlocks while the host listens at the TPM, and tries what it has heard on the volume.
    ///
    /// - Returns: status 0 where the host has a key, 1 where it has none; the unlock's own where that failed.
    func listen(_ trial: Trial) throws(AttackRunError) -> HostShell.Result {
        // So that there is a key to look for: the same unlock by the program that has the TPM answer in the clear.
        var open = trial
        open.program = .control
        let (told, heard) = try record(open)
        guard told.status == 0 else { return told }
        guard let secret = heard.unsealed, let passphrase = BusRecording.passphrase(of: secret), try opens(passphrase)
        else { return Self.nothing("what TPM2_Unseal answered in the clear opens no keyslot") }
        guard trial.program == .real else {
            return HostShell.Result(status: 0, output: [], errorText: "the key is heard")
        }

        let (result, recording) = try record(trial)
        guard result.status == 0 else { return result }
        if let answer = recording.unsealed, let key = BusRecording.passphrase(of: answer), try opens(key) {
            return HostShell.Result(status: 0, output: [], errorText: "the key is heard")
        }
        if recording.holdsPart(of: secret) || recording.holdsPart(of: passphrase) {
            return HostShell.Result(status: 0, output: [], errorText: "part of the key is heard")
        }
        return Self.nothing("no key byte in \(recording.bytes.count) bytes")
    }

    private func record(_ trial: Trial) throws(AttackRunError) -> (HostShell.Result, BusRecording) {
        let result = try unlock(trial)
        return (result, BusRecording(bytes: try read(Self.recording, limit: 1 << 20)))
    }

    private func opens(_ passphrase: [UInt8]) throws(AttackRunError) -> Bool {
        try write(passphrase, to: "heard")
        return try shell.run(["cryptsetup", "open", "--test-passphrase", "--key-file", "heard", "volume"]).status == 0
    }

    private static func nothing(_ text: String) -> HostShell.Result {
        HostShell.Result(status: 1, output: [], errorText: text)
    }
}
