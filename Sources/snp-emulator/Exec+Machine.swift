internal import GuestKernel
internal import InitramfsRuntime
internal import SNPABI
internal import SNPEmulator
internal import SecureProcessor

extension Exec {
    /// A launched guest: its kernel's driver, and below that the SVSM.
    struct Machine {
        let driver: SEVGuestDriver
        /// nil where nobody runs a TPM.
        let svsm: SVSMModel?
        /// What the guest's kernel can call; paravisors of other clouds offer no such calls.
        let services: SVSMModel?

        init(_ options: Exec, _ state: StateFolder) throws(CommandFailure) {
            let firmware = try GuestOptions.image(options.ovmf, area: "firmware", endingAt: 1 << 32)
            let guest = try options.launch.start(on: state, firmware, processorCount: options.vcpus)
            let certificates: CertificateTable
            do throws(StateError) { certificates = try state.certificateTable() } catch {
                throw CommandFailure(state: error)
            }
            let attack = options.attack
            let key = guest.messageKey(options.level)
            driver = SEVGuestDriver(
                channel: guest.seat(certificates: certificates, attack: attack),
                key: attack == .withholdKey ? [UInt8](repeating: 0, count: key.count) : key, vmpck: options.level)
            guard options.hasSVSM else {
                (svsm, services) = (nil, nil)
                return
            }
            let owner = options.vtpm ?? .svsm
            do throws(SVSMError) {
                // The attacks are on the guest's own messages.
                let model = try SVSMModel(
                    channel: guest.seat(certificates: certificates, attack: nil), key: guest.messageKey(0),
                    folder: state.virtualTPMPath)
                (svsm, services) = (model, owner == .svsm ? model : nil)
                if owner == .azureHCL { try model.provideAzureReport() }
            } catch { throw CommandFailure(svsm: error) }
            if owner == .endorsementCertificate, let svsm { try Self.certify(svsm, state) }
            do throws(SVSMError) { try svsm?.closePlatformHierarchy() } catch { throw CommandFailure(svsm: error) }
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
