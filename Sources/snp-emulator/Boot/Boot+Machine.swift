internal import EmulatedMachine
internal import InitramfsRuntime
internal import SNPABI
internal import SNPEmulator

extension Boot {
    /// Boots the disk, as often as the guest resets its machine.
    func boot() throws(CommandFailure) -> EmulatedMachine.Outcome {
        try Self.machine { () throws(MachineError) in try BootableDisk.check(disk) }
        let path = firmware ?? Self.defaultFirmware
        let image = try GuestOptions.image(path, area: "firmware", endingAt: 1 << 32)
        let folder = try CommandFailure.loading(state)
        let lock = try Self.lock(folder)
        if image.metadata == nil {
            Console.report(
                "snp-emulator: launch: warning: " + path
                    + " has no SEV metadata: all of it is measured, then a page of secrets and the CPUs")
        }
        let settings = MachineSettings(
            firmware: image.bytes, variables: vars ?? (firmware == nil ? Self.defaultVariables : nil), disk: disk,
            folder: folder.machinePath, runFolder: folder.runPath, memory: memory << 20, processorCount: cpus)
        // Before there is a second thread.
        let signals = try Self.signals()
        let output: MachineConsole
        let recording: TPMRecording?
        do throws(FileError) {
            output = try MachineConsole(log: console, waitingFor: until)
            recording = if let recordTPM { try TPMRecording(recordTPM) } else { nil }
        } catch { throw CommandFailure(error, area: "output") }
        let deadline = timeout.map { MonotonicClock.milliseconds + Int64($0 * 1000) }
        while true {
            let outcome = try run(settings, image, folder, output, recording, signals, deadline)
            guard outcome == .reset else {
                _ = consume lock
                return try finish(outcome, output)
            }
        }
    }

    /// One launch, from reset to reset.
    private func run(
        _ settings: MachineSettings, _ image: FirmwareImage, _ folder: StateFolder, _ output: MachineConsole,
        _ recording: TPMRecording?, _ signals: borrowing EndingSignals, _ deadline: Int64?
    ) throws(CommandFailure) -> EmulatedMachine.Outcome? {
        let plan = HostSeats.Plan(
            launch: self.launch, firmware: image, processorCount: cpus, level: vmpl, attack: attack)
        let seats = try HostSeats(plan, on: folder)
        let service = try seats.startService(recording: recording)
        defer { service.close() }
        let launch = EmulatedMachine.Launch(
            channel: seats.channel, services: service.attestation, tpm: service.tpm,
            secretsPage: seats.guest.secretsPage(for: vmpl + (attack == .messages(.withholdKey) ? 1 : 0)),
            level: vmpl)
        return try Self.machine { () throws(MachineError) in
            var machine = try EmulatedMachine.start(settings, launch)
            return try machine.run(
                output, signals: signals, isTyping: until == nil || Keyboard.isTerminal, deadline: deadline)
        }
    }

    /// What an outcome means to whoever waits for a text.
    private func finish(
        _ outcome: EmulatedMachine.Outcome?, _ output: MachineConsole
    ) throws(CommandFailure) -> EmulatedMachine.Outcome {
        try Self.machine { () throws(MachineError) in
            guard let outcome else { throw .timeout(seconds: timeout ?? 0, console: output.lastLines) }
            if outcome == .poweredOff, let until { throw .early(text: until, console: output.lastLines) }
            return outcome
        }
    }

    private static func machine<Value>(
        _ body: () throws(MachineError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(MachineError) { return try body() } catch {
            if let console = error.console { Console.report("snp-emulator: the console ends with:\n" + console) }
            throw CommandFailure(error.exitCode, area: error.area, error.description)
        }
    }

    private static func lock(_ folder: StateFolder) throws(CommandFailure) -> GuestLock {
        do throws(GuestError) { return try GuestLock.take(folder) } catch {
            throw CommandFailure(ExitCode(rawValue: error.exitCode) ?? .internalFault, area: "guest", error.description)
        }
    }

    private static func signals() throws(CommandFailure) -> EndingSignals {
        do throws(FileError) { return try EndingSignals() } catch { throw CommandFailure(error, area: "signals") }
    }
}
