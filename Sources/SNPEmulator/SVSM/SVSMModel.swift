internal import SNPABI
internal import Secrets

/// A secure VM service module at VMPL 0, such as coconut-svsm: it runs the guest's vTPM and vouches for it.
///
/// The vTPM's state is encrypted with a key that the AMD-SP derives from the chip's own (MSG_KEY_REQ), the guest's policy
/// and its launch digest. Not from the TCB_VERSION: a guest that had to ask for the level of its manufacture would open
/// its state below the level that the platform has reached. The chip's key is another one for each REPORTED_TCB, so that
/// raising that level locks the vTPM out, as it does on real machines: it is to be recovered from there.
public final class SVSMModel: ServiceAttestation {
    public let tpm: VirtualTPM
    let messages: SVSMMessages
    /// TPMT_PUBLIC of each.
    public let endorsementKeys: [EndorsementKey: [UInt8]]

    /// Starts the SVSM, and with it the vTPM, which is manufactured on first use.
    ///
    /// - Parameters:
    ///   - channel: the way to the AMD-SP. The guest's launch is finished.
    ///   - key: VMPCK0 of the secrets page, 32 bytes.
    ///   - folder: of the vTPM's state.
    /// - Throws: `.otherLaunch` where the state is another launch's, `.state` where it is damaged, `.inUse`,
    ///   `.processor` where the AMD-SP does not answer, `.file`, `.toolMissing`.
    public init(channel: any GuestMessageChannel, key: [UInt8], folder: String) throws(SVSMError) {
        messages = SVSMMessages(channel: channel, key: key)
        let report = try Self.ownReport(messages)
        let stateKey = try messages.key(Self.keyRequest)
        (tpm, endorsementKeys) = try VTPMState(folder: folder).open(
            identity: LaunchIdentity(report), tcb: report.reportedTCB, key: stateKey)
    }

    static let keyRequest = KeyRequest(
        isFromVMRK: false, fields: KeyRequest.Field.policy.rawValue | KeyRequest.Field.measurement.rawValue,
        vmpl: SVSMMessages.vmpl, guestSVN: 0, tcbVersion: TCBVersion(rawValue: 0))

    /// For whom the SVSM runs. It trusts the AMD-SP that holds the other end of VMPCK0, and verifies no signature.
    private static func ownReport(_ messages: SVSMMessages) throws(SVSMError) -> AttestationReport {
        let noData = [UInt8](repeating: 0, count: 64)
        guard case .report(let bytes, _) = try messages.report(noData) else {
            throw .processor(message: "MSG_REPORT_REQ", reason: "certificates where none were asked for")
        }
        do throws(SNPFormatError) { return try AttestationReport(parsing: bytes) } catch {
            throw .processor(message: "MSG_REPORT_REQ", reason: error.description)
        }
    }

    /// Switches the guest's machine off: the vTPM's state is written when this returns.
    public func close() { tpm.close() }
}
