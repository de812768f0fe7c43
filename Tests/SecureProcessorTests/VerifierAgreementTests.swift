import Attestation
import SNPABI
import SecureProcessor
import Testing

/// The verifier, which shares no code with the model but the report's layout, against what the model signs and issues.
@Suite struct VerifierAgreementTests {
    private let issued = EmulatedKeys.issued

    /// Verifies a report of `processor` with the certificates that chip 1 of `generation` has.
    private func verify(
        _ processor: SecureProcessor, _ generation: ProcessorGeneration = .milan, isVLEK: Bool = false,
        revoked: [CertificateAuthority.Member]? = nil, isRootTrusted: Bool = true, asid: UInt32 = 1
    ) throws -> VerifiedReport {
        let report = try AttestationReport(parsing: GuestFixture.running(processor, asid: asid).report().bytes)
        let authority = try EmulatedKeys.authority(generation)
        let root = try authority.certificate(.ark, issued: issued)
        var files = [root, try authority.certificate(isVLEK ? .asvk : .ask, issued: issued)]
        if isVLEK {
            files.append(
                try authority.vlekCertificate(of: EmulatedKeys.vlek(), tcb: report.reportedTCB, issued: issued))
        } else {
            files.append(
                try authority.vcekCertificate(
                    of: EmulatedKeys.chip(generation), tcb: report.reportedTCB, issued: issued))
        }
        if let revoked { files.append(try authority.revocationList(revoked, number: 1, issued: issued)) }
        var certificates = EndorsementCertificates()
        for file in files { #expect(certificates.add(file) == 1) }
        let verifier = ReportVerifier(
            roots: try #require(isRootTrusted ? TrustedRoots(certificates: [root]) : .amd),
            revocation: revoked == nil ? .optional : .fresh, time: issued + 86400)
        return try verifier.verify(report, with: certificates)
    }

    private func reason(_ body: () throws -> VerifiedReport) throws -> String? {
        do {
            _ = try body()
            return nil
        } catch let failure as VerificationFailure { return failure.reason }
    }

    @Test(arguments: ProcessorGeneration.allCases)
    func anEmulatedReportIsGenuineForWhoTrustsItsRoot(_ generation: ProcessorGeneration) throws {
        let processor = try GuestFixture.processor(generation)
        let verified = try verify(processor, generation, revoked: [])
        #expect(verified.generation == generation && verified.key == .vcek && verified.root == .caller)
        let identifier = try EmulatedKeys.chip(generation).identifier
        #expect(verified.chip.map { Array($0.prefix(identifier.count)) } == identifier)
        processor.loadVLEK(try EmulatedKeys.vlek())
        let lent = try verify(processor, generation, isVLEK: true, asid: 2)
        #expect(lent.key == .vlek && lent.cspID == "CN=cc.emulated.invalid")
    }

    @Test func itsRootIsNotAMDs() throws {
        let processor = try GuestFixture.processor()
        #expect(try reason { try verify(processor, isRootTrusted: false) } == "untrusted-root")
    }

    @Test func aRevokedIntermediateIsRefused() throws {
        let processor = try GuestFixture.processor()
        #expect(try reason { try verify(processor, revoked: [.ask]) } == "revoked")
        #expect(try verify(processor, revoked: [.asvk], asid: 2).key == .vcek)
    }

    @Test func otherChipsAndGenerationsAreRefused() throws {
        let other = try GuestFixture.processor(chip: 2)
        #expect(try reason { try verify(other) } == "chip")
        let processor = try GuestFixture.processor()
        #expect(try reason { try verify(processor, .genoa) } == "generation")
    }
}
