internal import InitramfsRuntime
internal import SNPABI
internal import SNPEmulator

/// A second guest on the same chip, which the host runs to cheat the first one: with an SVSM and a new vTPM of its own.
final class Accomplice {
    let svsm: SVSMModel
    private let state: StateFolder

    /// - Parameter guest: launched as the first one, unless it is to differ.
    init(
        _ guest: LaunchedGuest, _ state: StateFolder, _ certificates: CertificateTable
    ) throws(CommandFailure) {
        self.state = state
        do throws(StateError) { try state.removeOtherVirtualTPM() } catch { throw CommandFailure(state: error) }
        do throws(SVSMError) {
            svsm = try SVSMModel(
                channel: guest.seat(certificates: certificates, attack: nil), key: guest.messageKey(0),
                folder: state.otherVirtualTPMPath)
            try svsm.closePlatformHierarchy()
        } catch { throw CommandFailure(svsm: error) }
    }

    func close() {
        svsm.close()
        // What cannot be removed now is at the next start, which then says why.
        do throws(StateError) { try state.removeOtherVirtualTPM() } catch {
            Console.report("snp-emulator: state: " + error.description)
        }
    }
}

extension HostAttack {
    /// The attack on the guest's messages, where it is one.
    var onMessages: MessageAttack? {
        if case .messages(let attack) = self { return attack }
        return nil
    }
}
