internal import GuestKernel
internal import InitramfsRuntime
internal import MeasuredBoot
internal import SNPABI
internal import SNPEmulator
internal import SecureProcessor

extension Exec {
    /// A launched guest: its kernel's driver, below that the SVSM, and the host between all of them.
    struct Machine {
        let driver: SEVGuestDriver
        /// What was loaded into its memory.
        let memory: [LaunchPages]
        /// nil where nobody runs a TPM.
        let svsm: SVSMModel?
        /// What the guest's kernel can call; paravisors of other clouds offer no such calls.
        let services: (any ServiceAttestation)?
        /// The guest's way to the TPM.
        let transport: TPMServer.Transport?
        private let accomplice: Accomplice?

        init(_ options: Exec, _ state: StateFolder, _ boot: MeasuredBoot?) throws(CommandFailure) {
            let guest = try options.launch.start(
                on: state, try options.firmware(), processorCount: options.vcpus)
            memory = guest.memory(hasKeys: options.attack != .messages(.withholdKey))
            let certificates: CertificateTable
            do throws(StateError) { certificates = try state.certificateTable() } catch {
                throw CommandFailure(state: error)
            }
            let attack = options.attack
            let key = guest.messageKey(options.level)
            let withheld = [UInt8](repeating: 0, count: key.count)
            driver = SEVGuestDriver(
                channel: guest.seat(certificates: certificates, attack: attack?.onMessages),
                key: attack == .messages(.withholdKey) ? withheld : key, vmpck: options.level)
            guard options.hasSVSM else {
                (svsm, services, transport, accomplice) = (nil, nil, nil, nil)
                return
            }
            let owner = options.vtpm ?? .svsm
            let seat = guest.seat(certificates: certificates, attack: nil)
            let model: SVSMModel
            do throws(SVSMError) {
                model = try SVSMModel(channel: seat, key: guest.messageKey(0), folder: state.virtualTPMPath)
                if owner == .azureHCL { try model.provideAzureReport() }
            } catch { throw CommandFailure(svsm: error) }
            if owner == .endorsementCertificate { try Self.certify(model, state) }
            if let boot { try boot.measure(into: model.tpm) }
            do throws(SVSMError) { try model.closePlatformHierarchy() } catch { throw CommandFailure(svsm: error) }
            // A host that cheated before would have no guest to cheat.
            if let attack = attack?.onMessages { seat.begin(attack) }
            let helper = attack?.needsAccomplice == true ? try Self.accomplice(options, state, certificates) : nil
            (svsm, accomplice) = (model, helper)
            switch attack {
            case .evidence(let attack):
                services = EvidenceSeat(
                    model, attack, other: helper?.svsm, guest: guest, level: options.level == 1 ? 2 : 1)
            default: services = owner == .svsm ? model : nil
            }
            let tpm = try options.recorded(model.tpm)
            if case .tpm(let attack)? = attack {
                transport = TPMSeat(tpm, attack, other: helper?.svsm.tpm.answer ?? tpm).answer
            } else {
                transport = tpm
            }
        }

        private static func accomplice(
            _ options: Exec, _ state: StateFolder, _ certificates: CertificateTable
        ) throws(CommandFailure) -> Accomplice {
            let guest = try options.launch.start(
                on: state, options.firmware(), processorCount: options.vcpus,
                isChanged: options.attack == .evidence(.otherGuest))
            return try Accomplice(guest, state, certificates)
        }

        /// Switches the machine off.
        func close() {
            svsm?.close()
            accomplice?.close()
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
}

extension CommandFailure {
    init(svsm error: SVSMError) { self.init(error.exitCode, area: "svsm", error.description) }
}
