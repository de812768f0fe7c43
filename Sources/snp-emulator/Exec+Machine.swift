internal import SNPABI
internal import SNPEmulator

extension Exec {
    /// A launched guest: its kernel's driver, and below that the SVSM.
    struct Machine {
        let driver: SEVGuestDriver
        /// nil where nobody runs a TPM.
        let svsm: SVSMModel?

        init(_ options: Exec, _ state: StateFolder) throws(CommandFailure) {
            let guest = try options.launch.start(on: state)
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
                svsm = nil
                return
            }
            do throws(SVSMError) {
                // The attacks are on the guest's own messages.
                svsm = try SVSMModel(
                    channel: guest.seat(certificates: certificates, attack: nil), key: guest.messageKey(0),
                    folder: state.virtualTPMPath)
            } catch { throw CommandFailure(error.exitCode, area: "svsm", error.description) }
        }
    }
}
