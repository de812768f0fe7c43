import Attestation
import SNPABI
import SecureProcessor
import Testing

/// Our own verifier on emulated reports: a second judge beside the openssl command, which knows what AMD's extensions say.
@Suite struct VerifierAgreementTests {
    private let day: Int64 = 86400

    private func table(
        _ generation: ProcessorGeneration, _ tcb: TCBVersion, isVLEK: Bool, chip: UInt8 = 1,
        revoked: [CertificateAuthority.Member] = []
    ) throws -> CertificateTable {
        let authority = try EmulatedKeys.authority(generation)
        let issued = EmulatedKeys.issued
        let leaf =
            isVLEK
            ? try authority.vlekCertificate(of: try EmulatedKeys.vlek(), tcb: tcb, issued: issued)
            : try authority.vcekCertificate(of: try EmulatedKeys.chip(generation, chip), tcb: tcb, issued: issued)
        return CertificateTable([
            .init(isVLEK ? CertificateTable.vlek : CertificateTable.vcek, leaf),
            .init(CertificateTable.ask, try authority.certificate(isVLEK ? .asvk : .ask, issued: issued)),
            .init(CertificateTable.ark, try authority.certificate(.ark, issued: issued)),
            .init(CertificateTable.crl, try authority.revocationList(revoked, number: 1, issued: issued)),
        ])
    }

    /// nil where the report is accepted, else the step that refuses it.
    private func verdict(
        _ report: AttestationReport, _ table: CertificateTable, after days: Int64 = 1, trusting: Bool = true
    ) throws -> VerificationFailure.Step? {
        var certificates = EndorsementCertificates()
        certificates.add(table)
        let root = try #require(table[CertificateTable.ark])
        let roots = trusting ? try #require(TrustedRoots(certificates: [root])) : .amd
        let time = EmulatedKeys.issued + days * day
        do {
            _ = try ReportVerifier(roots: roots, revocation: .fresh, time: time).verify(report, with: certificates)
            return nil
        } catch { return error.step }
    }

    @Test(arguments: ProcessorGeneration.allCases, [false, true]) func acceptsAnEmulatedReportByItsRootOnly(
        _ generation: ProcessorGeneration, _ isVLEK: Bool
    ) throws {
        let processor = try GuestFixture.processor(generation)
        if isVLEK { processor.loadVLEK(try EmulatedKeys.vlek()) }
        let report = try AttestationReport(parsing: try GuestFixture.running(processor).report().bytes)
        let tcb = report.reportedTCB
        let good = try table(generation, tcb, isVLEK: isVLEK)
        #expect(try verdict(report, good) == nil)
        #expect(try verdict(report, good, trusting: false) == .root)
        #expect(try verdict(report, good, after: -1) == .root)
        // The list is valid for a year.
        #expect(try verdict(report, good, after: 400) == .revocation)
        let revoked = try table(generation, tcb, isVLEK: isVLEK, revoked: [isVLEK ? .asvk : .ask])
        #expect(try verdict(report, revoked) == .revocation)
        let otherTCB = try table(generation, EmulatedKeys.tcb(generation), isVLEK: isVLEK)
        #expect(try verdict(report, otherTCB) == .tcb)
        if !isVLEK { #expect(try verdict(report, try table(generation, tcb, isVLEK: false, chip: 2)) == .chip) }
        var changed = report
        changed.measurement[0] ^= 1
        #expect(try verdict(changed, good) == .signature)
    }
}
