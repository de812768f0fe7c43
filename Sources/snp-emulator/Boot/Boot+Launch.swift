internal import EmulatedMachine
internal import GuestKernel
internal import InitramfsRuntime
internal import SNPABI
internal import SNPEmulator

extension Boot {
    /// A launched guest, below it the SVSM, and the host between all of them.
    struct Machine {
        let launch: EmulatedMachine.Launch
        private let svsm: SVSMModel
        private let accomplice: Accomplice?

        init(
            _ options: Boot, _ state: StateFolder, _ firmware: FirmwareImage, _ recording: TPMRecording?
        ) throws(CommandFailure) {
            let guest = try options.launch.start(on: state, firmware, processorCount: options.cpus)
            let certificates: CertificateTable
            do throws(StateError) { certificates = try state.certificateTable() } catch {
                throw CommandFailure(state: error)
            }
            let attack = options.attack
            let seat = guest.seat(certificates: certificates, attack: nil)
            let model: SVSMModel
            do throws(SVSMError) {
                model = try SVSMModel(channel: seat, key: guest.messageKey(0), folder: state.virtualTPMPath)
            } catch { throw CommandFailure(svsm: error) }
            // A host that cheated before would have no guest to cheat.
            if let attack = attack?.onMessages { seat.begin(attack) }
            let helper: Accomplice?
            if attack?.needsAccomplice == true {
                let other = try options.launch.start(
                    on: state, firmware, processorCount: options.cpus, isChanged: attack == .evidence(.otherGuest))
                helper = try Accomplice(other, state, certificates)
            } else {
                helper = nil
            }
            var services: any ServiceAttestation = model
            if case .evidence(let attack)? = attack {
                let level: UInt8 = options.vmpl == 1 ? 2 : 1
                services = EvidenceSeat(model, attack, other: helper?.svsm, guest: guest, level: level)
            }
            var tpm: any TPMTransport = model.tpm
            if case .tpm(let attack)? = attack {
                tpm = TPMSeat(model.tpm.answer, attack, other: (helper?.svsm ?? model).tpm.answer)
            }
            if let recording { tpm = TPMRecorder(recording, before: tpm) }
            (svsm, accomplice) = (model, helper)
            launch = EmulatedMachine.Launch(
                channel: guest.seat(certificates: certificates, attack: attack?.onMessages), services: services,
                tpm: tpm,
                secretsPage: guest.secretsPage(for: options.vmpl + (attack == .messages(.withholdKey) ? 1 : 0)),
                level: options.vmpl)
        }

        /// Switches the machine off.
        func close() {
            svsm.close()
            accomplice?.close()
        }
    }
}
