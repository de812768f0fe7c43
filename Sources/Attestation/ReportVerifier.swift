internal import Cryptography
public import SNPABI

/// Whether a report comes from a genuine AMD processor, at a time and by roots that the caller gives.
///
/// Sources: AMD 56860, "Attestation"; AMD 57230, "VCEK Certificate and KDS Interface Specification"; RFC 5280 for dates
/// and revocation.
public struct ReportVerifier: Sendable {
    public var roots: TrustedRoots
    public var revocation: RevocationDemand
    /// When the certificates must be valid, in seconds since 1970.
    public var time: Int64

    public init(roots: TrustedRoots = .amd, revocation: RevocationDemand = .optional, time: Int64) {
        self.roots = roots
        self.revocation = revocation
        self.time = time
    }

    /// Checks what `VerificationFailure.Step` lists, in that order. What the report says is not judged: that is what a
    /// policy is for.
    public func verify(
        _ report: AttestationReport, with certificates: EndorsementCertificates
    ) throws(VerificationFailure) -> VerifiedReport {
        let claimed = try claimedKey(of: report)
        guard !certificates.isOverfull else { throw .tooManyCertificates }
        let chain = try EndorsementChain(for: report, signedBy: claimed, among: certificates, roots: roots)
        let owner = try chain.checkRoot(roots, at: time)
        try chain.checkIntermediate(at: time)
        let revocation = try chain.checkRevocation(certificates.lists, revocation, at: time)
        try chain.checkLeaf(at: time)
        let extensions = try Self.extensions(of: chain, claimed: claimed)
        try Self.compare(extensions, with: report, owner)
        guard
            chain.leaf.certificate.isSignatureP384(
                r: report.signature.r, s: report.signature.s, over: report.signedBytes)
        else { throw .reportSignature(claimed.role) }
        try Self.checkConsistency(of: report, extensions.generation)
        let hasChip = report.chipID.contains { $0 != 0 }
        return VerifiedReport(
            report: report, key: claimed, generation: extensions.generation,
            chip: extensions.hardwareID ?? (hasChip ? report.chipID : nil), cspID: extensions.cspID,
            root: owner, revocation: revocation, certificates: try chain.summaries(), time: time)
    }

    private func claimedKey(of report: AttestationReport) throws(VerificationFailure) -> EndorsementKey {
        guard !report.flags.isChipKeyMasked, report.flags.signingKey != .some(.none) else { throw .unsigned }
        guard let key = EndorsementKey(report.flags.signingKey) else {
            throw .unknownSigningKey(report.flags.rawValue >> 2 & 7)
        }
        guard report.signatureAlgorithm == ReportSignature.ecdsaP384SHA384 else {
            throw .unknownAlgorithm(report.signatureAlgorithm)
        }
        return key
    }

    private static func extensions(
        of chain: EndorsementChain, claimed: EndorsementKey
    ) throws(VerificationFailure) -> EndorsementExtensions {
        let extensions: EndorsementExtensions
        do throws(ExtensionDefect) { extensions = try EndorsementExtensions(chain.leaf.certificate) } catch {
            throw .extensions(claimed.role, extension: error.name)
        }
        guard extensions.kind == claimed else { throw .otherKey(claimed: claimed, found: extensions.kind) }
        guard extensions.structVersion == extensions.expectedStructVersion else {
            throw .structVersion(found: extensions.structVersion, expected: extensions.expectedStructVersion)
        }
        return extensions
    }

    private static func compare(
        _ extensions: EndorsementExtensions, with report: AttestationReport, _ owner: RootOwner
    ) throws(VerificationFailure) {
        if let processor = report.processor {
            guard let generation = processor.generation else {
                throw .unknownProcessor(family: processor.family, model: processor.model)
            }
            guard extensions.generation == generation else {
                throw .otherGeneration(extensions.kind.role, of: extensions.generation, expected: generation)
            }
        }
        if case .amd(let generation) = owner, generation != extensions.generation {
            throw .otherGeneration(.ark, of: generation, expected: extensions.generation)
        }
        guard extensions.tcb == report.reportedTCB else {
            throw .otherTCB(certificate: extensions.tcb, report: report.reportedTCB, extensions.generation)
        }
        // A platform may mask the chip in its reports; the certificate names it all the same.
        guard let chip = extensions.hardwareID, report.chipID.contains(where: { $0 != 0 }) else { return }
        guard chip == report.chipID else { throw .otherChip(certificate: chip, report: report.chipID) }
    }

    /// What the AMD-SP keeps, so that a report without it comes from a firmware that is broken.
    private static func checkConsistency(
        of report: AttestationReport, _ generation: ProcessorGeneration
    ) throws(VerificationFailure) {
        let order: [(TCBName, TCBName)] = [(.reported, .committed), (.committed, .current), (.launch, .current)]
        for (low, high) in order where !high.value(in: report).isAtLeast(low.value(in: report)) {
            throw .inconsistent(low, low.value(in: report), above: high, high.value(in: report), generation)
        }
    }
}

/// A report that `ReportVerifier` has found genuine; nobody else can make one.
public struct VerifiedReport: Equatable, Sendable {
    public let report: AttestationReport
    public let key: EndorsementKey
    public let generation: ProcessorGeneration
    /// The processor, 64 bytes; nil where a VLEK signs and the report names none.
    public let chip: [UInt8]?
    /// The cloud provider that a VLEK is lent to.
    public let cspID: String?
    public let root: RootOwner
    public let revocation: RevocationState
    /// Root, intermediate and leaf.
    public let certificates: [CertificateSummary]
    /// When the certificates were valid, in seconds since 1970.
    public let time: Int64

    fileprivate init(
        report: AttestationReport, key: EndorsementKey, generation: ProcessorGeneration, chip: [UInt8]?, cspID: String?,
        root: RootOwner, revocation: RevocationState, certificates: [CertificateSummary], time: Int64
    ) {
        self.report = report
        self.key = key
        self.generation = generation
        self.chip = chip
        self.cspID = cspID
        self.root = root
        self.revocation = revocation
        self.certificates = certificates
        self.time = time
    }
}
