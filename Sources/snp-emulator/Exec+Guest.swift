internal import EmulatedMachine
internal import EncryptedMemory
internal import GuestKernel
internal import InitramfsRuntime
internal import LaunchMeasurement
internal import MeasuredBoot
internal import SNPABI
internal import SNPEmulator
internal import SecureProcessor

extension Exec {
    /// Runs the command in a guest.
    ///
    /// - Returns: the command's exit status.
    func runGuest() throws -> Int32 {
        let state = try reporting { () throws(CommandFailure) in try CommandFailure.loading(self.state) }
        let lock = try GuestLock.take(state)
        let boot = try reporting { () throws(CommandFailure) in try measuredBoot() }
        let record = try reporting { () throws(CommandFailure) in try self.record(of: boot) }
        let settings = Guest.Settings(command: command, hiddenFolder: state.path, boot: record)
        let status: Int32
        if protection == .sevSNP {
            let seats = try reporting { () throws(CommandFailure) in try HostSeats(try plan(), on: state) }
            let service = try reporting { () throws(CommandFailure) in try startService(seats, state, boot) }
            var guest = try Guest.make(
                settings, driver: driver(seats), services: vtpm ?? .svsm == .svsm ? service?.attestation : nil)
            if let service { try guest.addTPM(service.tpm) }
            try guest.show(
                seats.guest.memory(hasKeys: attack != .messages(.withholdKey)), protection, in: state.runPath)
            status = try guest.run()
            service?.close()
        } else {
            let pages = try reporting { () throws(CommandFailure) in
                try launch.pages(
                    protection.hasEncryptedState ? .sevES : .sev, firmware(), processorCount: vcpus)
            }
            var guest = try Guest.make(settings, driver: nil, services: nil)
            try guest.show(pages, protection, in: state.runPath)
            status = try guest.run()
        }
        _ = consume lock
        return status
    }

    private func firmware() throws(CommandFailure) -> FirmwareImage {
        try GuestOptions.image(ovmf, area: "firmware", endingAt: 1 << 32)
    }

    private func plan() throws(CommandFailure) -> HostSeats.Plan {
        HostSeats.Plan(
            launch: launch, firmware: try firmware(), processorCount: vcpus, level: level, attack: attack)
    }

    /// The guest's kernel, as far as it talks to the AMD-SP.
    private func driver(_ seats: HostSeats) -> SEVGuestDriver {
        var key = seats.guest.messageKey(level)
        if attack == .messages(.withholdKey) { key = [UInt8](repeating: 0, count: key.count) }
        return SEVGuestDriver(channel: seats.channel, key: key, vmpck: level)
    }

    /// nil where nobody runs a TPM.
    private func startService(
        _ seats: HostSeats, _ state: StateFolder, _ boot: MeasuredBoot?
    ) throws(CommandFailure) -> HostSeats.Service? {
        guard hasSVSM else { return nil }
        let recording: TPMRecording?
        do throws(FileError) { recording = if let recordTPM { try TPMRecording(recordTPM) } else { nil } } catch {
            throw CommandFailure(error, area: "recording")
        }
        return try seats.startService(recording: recording) { (svsm) throws(CommandFailure) in
            if vtpm == .endorsementCertificate { try Self.certify(svsm, state) }
            do throws(SVSMError) { if vtpm == .azureHCL { try svsm.provideAzureReport() } } catch {
                throw CommandFailure(svsm: error)
            }
            if let boot { try boot.measure(into: svsm.tpm) }
            do throws(SVSMError) { try svsm.closePlatformHierarchy() } catch { throw CommandFailure(svsm: error) }
        }
    }

    private static func certify(_ svsm: SVSMModel, _ state: StateFolder) throws(CommandFailure) {
        let now = WallClock.seconds
        let authority: PlatformAuthority
        do throws(StateError) { authority = try state.platformAuthority(now: now) } catch {
            throw CommandFailure(state: error)
        }
        do throws(SVSMError) { try svsm.provideEndorsementCertificate(by: authority, now: now) } catch {
            throw CommandFailure(svsm: error)
        }
    }
}
