internal import EmulatedMachine
internal import GuestKernel
internal import InitramfsRuntime
internal import SNPABI
internal import SNPEmulator

/// A guest that the host has launched, and the host's seats on the guest's ways: to the AMD-SP, to the SVSM, to the TPM.
struct HostSeats {
    /// What the host launches, and what it then does to it.
    struct Plan {
        let launch: LaunchOptions
        let firmware: FirmwareImage
        let processorCount: Int
        /// The VMPL of the guest's kernel.
        let level: UInt8
        let attack: HostAttack?

        fileprivate func start(
            on state: StateFolder, isChanged: Bool = false
        ) throws(CommandFailure) -> LaunchedGuest {
            try launch.start(on: state, firmware, processorCount: processorCount, isChanged: isChanged)
        }
    }

    /// Where the guest runs above an SVSM.
    struct Service {
        /// The guest kernel's way to what the SVSM says of its vTPM.
        let attestation: any ServiceAttestation
        let tpm: any TPMTransport
        fileprivate let svsm: SVSMModel
        fileprivate let accomplice: Accomplice?

        /// Switches the machine off.
        func close() {
            svsm.close()
            accomplice?.close()
        }
    }

    let guest: LaunchedGuest
    /// The guest kernel's way to the AMD-SP.
    let channel: HypervisorSeat
    private let plan: Plan
    private let state: StateFolder
    private let certificates: CertificateTable

    init(_ plan: Plan, on state: StateFolder) throws(CommandFailure) {
        guest = try plan.start(on: state)
        do throws(StateError) { certificates = try state.certificateTable() } catch {
            throw CommandFailure(state: error)
        }
        channel = guest.seat(certificates: certificates, attack: plan.attack?.onMessages)
        (self.plan, self.state) = (plan, state)
    }

    /// Starts the SVSM, with the vTPM of the state folder.
    ///
    /// - Parameters:
    ///   - recording: keeps what passes between the guest and its TPM, as the guest sees it.
    ///   - prepare: what happens to the TPM before the guest has it.
    func startService(
        recording: TPMRecording?, prepare: (SVSMModel) throws(CommandFailure) -> Void = { _ in }
    ) throws(CommandFailure) -> Service {
        let seat = guest.seat(certificates: certificates, attack: nil)
        let svsm: SVSMModel
        do throws(SVSMError) {
            svsm = try SVSMModel(channel: seat, key: guest.messageKey(0), folder: state.virtualTPMPath)
        } catch { throw CommandFailure(svsm: error) }
        try prepare(svsm)
        // A host that cheated before would have no guest to cheat.
        if let attack = plan.attack?.onMessages { seat.begin(attack) }
        let accomplice = try plan.attack?.needsAccomplice == true ? self.accomplice() : nil
        var attestation: any ServiceAttestation = svsm
        var tpm: any TPMTransport = svsm.tpm
        switch plan.attack {
        case .evidence(let attack):
            attestation = EvidenceSeat(
                svsm, attack, other: accomplice?.svsm, guest: guest, level: plan.level == 1 ? 2 : 1)
        case .tpm(let attack): tpm = TPMSeat(svsm.tpm, attack, other: (accomplice?.svsm ?? svsm).tpm)
        case .messages, .log, nil: break
        }
        if let recording { tpm = TPMRecorder(recording, before: tpm) }
        return Service(attestation: attestation, tpm: tpm, svsm: svsm, accomplice: accomplice)
    }

    private func accomplice() throws(CommandFailure) -> Accomplice {
        try Accomplice(
            plan.start(on: state, isChanged: plan.attack == .evidence(.otherGuest)), state, certificates)
    }
}
