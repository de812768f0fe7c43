internal import Attestation
internal import Cryptography
internal import SNPABI

extension Attester {
    /// Whether the evidence is a genuine report, about what came with it, of a guest that the owner wants.
    func judge(_ evidence: Evidence, _ rules: ReportRules) throws(AttestingError) {
        let report: AttestationReport
        do throws(SNPFormatError) { report = try AttestationReport(parsing: evidence.report) } catch {
            throw .report(error)
        }
        let expected: [UInt8]
        do throws(CryptographyError) { expected = try evidence.expectedReportData() } catch {
            throw .cryptography(error)
        }
        guard report.reportData == expected else { throw .reportData }
        // Whatever the policy says: a guest could ask for such a report of a lower level itself.
        guard evidence.provider != .svsm || report.vmpl == 0 else { throw .privilegeLevel(report.vmpl) }
        let certificates = try certificates(evidence.certificateTable)
        let verified: VerifiedReport
        do throws(VerificationFailure) {
            verified = try policy.verifier(clock: clock).verify(report, with: certificates)
        } catch { throw .verification(error) }
        let unmet = rules.validate(verified).filter { !$0.isMet }
        guard unmet.isEmpty else { throw .findings(unmet) }
    }

    /// Those of the host's table, and those of the folder.
    func certificates(_ table: [UInt8]) throws(AttestingError) -> EndorsementCertificates {
        var all = EndorsementCertificates()
        do throws(SNPFormatError) { all.add(try CertificateTable(parsing: table)) } catch { throw .report(error) }
        for file in try CertificateFolder.read(places.certificates) { all.add(file) }
        return all
    }
}
