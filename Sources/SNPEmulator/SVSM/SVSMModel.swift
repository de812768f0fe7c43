internal import BoundedBytes
internal import Cryptography
public import GuestKernel
internal import SNPABI
internal import Secrets
public import SecureProcessor

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

    /// Leaves what Azure's guests find: the attestation key at 0x81000003, and a report about it at NV index 0x01400001.
    public func provideAzureReport() throws(SVSMError) { try AzureCarrier().provide(tpm, messages) }

    /// Leaves the certificate of the RSA endorsement key at NV index 0x01C00002, where there is none yet.
    ///
    /// - Parameter now: seconds since 1970.
    public func provideEndorsementCertificate(
        by authority: borrowing PlatformAuthority, now: Int64
    ) throws(SVSMError) {
        guard let key = endorsementKeys[.rsa] else { throw .frame("no endorsement key") }
        try CertificateCarrier().provide(tpm, endorsementKey: key, authority, now: now)
    }

    /// Sets the platform hierarchy's password to one that nobody knows until the next start, as firmware does before it
    /// gives control away: the guest can neither change what the platform left in NV memory nor clear the TPM.
    ///
    /// Source: edk2, `SecurityPkg/Tcg/Tcg2PlatformDxe`.
    public func closePlatformHierarchy() throws(SVSMError) {
        var password: [UInt8] = []
        do throws(CryptographyError) {
            let secret = try Random.secret(count: 32)
            for index in 0..<secret.count { password.append(secret.bytes[index]) }
        } catch { throw .cryptography(error) }
        var parameters = ByteWriter()
        parameters.sized(password)
        _ = try tpm.perform(
            "TPM2_HierarchyChangeAuth",
            TPMCommand.encode(
                .hierarchyChangeAuth, handles: [TPMCommand.Hierarchy.platform.rawValue], isAuthorized: true,
                parameters: parameters.bytes))
    }

    /// Switches the guest's machine off: the vTPM's state is written when this returns.
    public func close() { tpm.close() }
}
