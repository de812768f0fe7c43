public import BoundedBytes
public import GuestKernel
internal import SNPABI

/// What a cheating host gives to a guest in place of what the guest's SVSM says of the vTPM.
public enum EvidenceAttack: String, CaseIterable, Sendable {
    case replay = "replay-evidence"
    case otherLevel = "report-of-other-vmpl"
    case otherGuest = "report-of-other-guest"
    case otherManifest = "swap-manifest"
    case otherKey = "foreign-ek"

    /// One line: what the host does.
    public var summary: String {
        switch self {
        case .replay: "hands out what the SVSM said for an earlier nonce"
        case .otherLevel: "hands out a report that was asked for from another privilege level than the SVSM's"
        case .otherGuest: "runs another guest, with other firmware, and hands out what that one's SVSM says"
        case .otherManifest: "leaves the report, and puts another TPM's key into the manifest"
        case .otherKey: "runs the same guest a second time, and hands out what that one's SVSM says of its own TPM"
        }
    }

    /// One line: what must come of it.
    public var outcome: String {
        switch self {
        case .replay, .otherManifest: "the unlock ends with 76: the report is for another nonce or TPM"
        case .otherLevel: "the unlock ends with 76: the report is not of VMPL 0"
        case .otherGuest: "the unlock ends with 76: the measurement is another one"
        case .otherKey: "the unlock ends with 76: the TPM cannot prove that it has the key"
        }
    }
}

/// The host between a guest and its SVSM. No such host is between them on a real machine; it stands for whoever could make
/// the guest's kernel hand out something else.
public final class EvidenceSeat: ServiceAttestation {
    private let services: SVSMModel
    private let attack: EvidenceAttack
    /// The SVSM of the other guest; where the attack needs none, the guest's own.
    private let other: SVSMModel
    /// Of another level than the SVSM's.
    private let level: SVSMMessages

    /// - Parameters:
    ///   - other: the SVSM of another guest, of the same launch but for `.otherGuest`; nil where `attack` needs none.
    ///   - number: of a level that neither the SVSM nor the guest's kernel uses.
    public init(
        _ services: SVSMModel, _ attack: EvidenceAttack, other: SVSMModel?, guest: LaunchedGuest, level number: UInt8
    ) {
        self.services = services
        self.attack = attack
        self.other = other ?? services
        level = SVSMMessages(
            channel: guest.seat(certificates: CertificateTable([]), attack: nil), key: guest.messageKey(number),
            vmpl: number)
    }

    public func attest(nonce: [UInt8], service: GUID?, manifestVersion: UInt32) -> ServiceEvidence? {
        let earlier = [UInt8](repeating: 0, count: nonce.count)
        guard let right = services.attest(nonce: nonce, service: service, manifestVersion: manifestVersion) else {
            return nil
        }
        switch attack {
        case .replay: return services.attest(nonce: earlier, service: service, manifestVersion: manifestVersion)
        case .otherGuest, .otherKey:
            return other.attest(nonce: nonce, service: service, manifestVersion: manifestVersion)
        case .otherManifest:
            let wrong = other.attest(nonce: nonce, service: service, manifestVersion: manifestVersion)
            return wrong.map {
                ServiceEvidence(report: right.report, manifest: $0.manifest, certificates: right.certificates)
            }
        case .otherLevel:
            do {
                let data = try AttestationOperation.reportData(nonce: nonce, manifest: right.manifest)
                guard case .report(let report, _) = try level.report(data) else { return nil }
                return ServiceEvidence(report: report, manifest: right.manifest, certificates: right.certificates)
            } catch { return nil }
        }
    }
}
