internal import Cryptography
internal import SNPABI

/// The three certificates that a report hangs on. Finding them decides nothing: each check says what is wrong.
struct EndorsementChain {
    let key: EndorsementKey
    let root: ParsedCertificate
    let intermediate: ParsedCertificate
    let leaf: ParsedCertificate

    /// A certificate that can be held in lists.
    final class ParsedCertificate {
        let certificate: X509Certificate

        init?(_ bytes: [UInt8]) {
            guard let certificate = X509Certificate.parse(bytes) else { return nil }
            self.certificate = certificate
        }
    }

    /// Takes of all certificates those that fit best, so that a folder may hold the chains of many machines.
    init(
        for report: AttestationReport, signedBy key: EndorsementKey, among certificates: EndorsementCertificates,
        roots: TrustedRoots
    ) throws(VerificationFailure) {
        self.key = key
        let all = (certificates.certificates + roots.additional).compactMap { ParsedCertificate($0) }
        let leaf = Self.leaf(for: report, key, all)
        guard let leaf else { throw .missing(key.role) }
        let issuers = all.filter { !$0.certificate.isSelfIssued && leaf.certificate.names(asIssuer: $0.certificate) }
        let intermediate = issuers.first { leaf.certificate.isSigned(by: $0.certificate) } ?? issuers.first
        guard let intermediate else { throw .missing(key.issuer) }
        let ends = all.filter {
            $0.certificate.isSelfIssued && intermediate.certificate.names(asIssuer: $0.certificate)
        }
        let root = ends.first { intermediate.certificate.isSigned(by: $0.certificate) } ?? ends.first
        guard let root else { throw .missing(.ark) }
        self.leaf = leaf
        self.intermediate = intermediate
        self.root = root
    }

    /// The certificate of a key of P-384 that is of this report's kind, TCB and chip; else the one that is nearest.
    private static func leaf(
        for report: AttestationReport, _ key: EndorsementKey, _ all: [ParsedCertificate]
    ) -> ParsedCertificate? {
        var best: (leaf: ParsedCertificate, rank: Int)?
        for candidate in all where candidate.certificate.keyKind == .ellipticP384 {
            let rank = rank(candidate, report, key)
            if rank > best?.rank ?? -1 { best = (candidate, rank) }
        }
        return best?.leaf
    }

    private static func rank(_ candidate: ParsedCertificate, _ report: AttestationReport, _ key: EndorsementKey) -> Int
    {
        do throws(ExtensionDefect) {
            let extensions = try EndorsementExtensions(candidate.certificate)
            return 1 + (extensions.kind == key ? 4 : 0) + (extensions.hardwareID == report.chipID ? 2 : 0)
                + (extensions.tcb == report.reportedTCB ? 1 : 0)
        } catch { return 0 }
    }
}

extension EndorsementChain {
    func checkRoot(_ roots: TrustedRoots, at time: Int64) throws(VerificationFailure) -> RootOwner {
        let fingerprint: [UInt8]
        let owner: RootOwner?
        do throws(CryptographyError) {
            fingerprint = try root.certificate.fingerprint()
            owner = roots.owner(ofKey: try root.certificate.keyFingerprint())
        } catch { throw .library(error) }
        guard let owner else {
            throw .untrustedRoot(name: root.certificate.subject.commonName, fingerprint: fingerprint)
        }
        guard root.certificate.isSigned(by: root.certificate) else { throw .signature(.ark, by: .ark) }
        // A path length of 0 would leave no room for the intermediate.
        guard Self.isFitAuthority(root), root.certificate.pathLength != 0 else { throw .notFit(.ark) }
        try Self.checkDates(of: root, .ark, at: time)
        return owner
    }

    func checkIntermediate(at time: Int64) throws(VerificationFailure) {
        guard intermediate.certificate.isSigned(by: root.certificate) else {
            throw .signature(key.issuer, by: .ark)
        }
        guard Self.isFitAuthority(intermediate) else { throw .notFit(key.issuer) }
        try Self.checkDates(of: intermediate, key.issuer, at: time)
    }

    func checkLeaf(at time: Int64) throws(VerificationFailure) {
        guard leaf.certificate.isSigned(by: intermediate.certificate) else {
            throw .signature(key.role, by: key.issuer)
        }
        guard !leaf.certificate.hasUnknownCriticalExtension else { throw .notFit(key.role) }
        try Self.checkDates(of: leaf, key.role, at: time)
    }

    /// Whether it is what AMD's authorities are: RSA-4096, allowed to sign certificates, and all of it understood.
    private static func isFitAuthority(_ authority: ParsedCertificate) -> Bool {
        authority.certificate.keyKind == .rsa(bits: 4096) && authority.certificate.isAuthority
            && !authority.certificate.hasUnknownCriticalExtension
    }

    private static func checkDates(
        of certificate: ParsedCertificate, _ role: CertificateRole, at time: Int64
    ) throws(VerificationFailure) {
        guard let validity = certificate.certificate.validity, let notAfter = validity.notAfter else {
            throw .undated(role)
        }
        guard time >= validity.notBefore else { throw .notYetValid(role, from: validity.notBefore) }
        guard time <= notAfter else { throw .expired(role, at: notAfter) }
    }

    /// Root, intermediate and leaf, after `checkLeaf`.
    func summaries() throws(VerificationFailure) -> [CertificateSummary] {
        var summaries: [CertificateSummary] = []
        for (role, part) in [(CertificateRole.ark, root), (key.issuer, intermediate), (key.role, leaf)] {
            guard let validity = part.certificate.validity, let notAfter = validity.notAfter else {
                throw .undated(role)
            }
            do throws(CryptographyError) {
                summaries.append(
                    CertificateSummary(
                        role: role, name: part.certificate.subject.commonName, serial: part.certificate.serialNumber,
                        fingerprint: try part.certificate.fingerprint(), notBefore: validity.notBefore,
                        notAfter: notAfter))
            } catch { throw .library(error) }
        }
        return summaries
    }
}
