import Attestation
import Cryptography
import JSON
import SNPABI

/// What a host hands out about a guest, and what its owner demands.
enum AttestationTargets {
    private static let verifier = ReportVerifier(time: 1_756_684_800)

    static let report: Fuzz.Target = { input in
        let report = try AttestationReport(parsing: input)
        demand(report.encoded() == input, "a report is written as it was read")
        do throws(VerificationFailure) {
            _ = try verifier.verify(report, with: EndorsementCertificates())
            violate("no report is genuine without certificates")
        } catch { demandPrintable(error.description) }
    }

    /// A report with its table behind it, as if the host had changed either. Nothing that no chip has signed is genuine.
    static let certificates: Fuzz.Target = { input in
        // libcrypto keeps a decoded key beside each certificate, and has numbers of 4096 bits to work with.
        MemoryBound.addInput(64 << 10)
        let size = AttestationReport.byteCount
        let report = try AttestationReport(parsing: Array(input.prefix(size)))
        var certificates = EndorsementCertificates()
        let found = certificates.add(Array(input.dropFirst(size)))
        demand(found >= 0, "what was found can be counted")
        do throws(VerificationFailure) {
            let verified = try verifier.verify(report, with: certificates)
            demand(found > 0, "a genuine report has certificates")
            demand(verified.certificates.count == 3, "a chain has three certificates")
            let other = try? AttestationReport(parsing: flipped(report.encoded()))
            if let other { demand(!isGenuine(other, certificates), "a measurement that changed is not genuine") }
        } catch { demandPrintable(error.description) }
    }

    static let evidence: Fuzz.Target = { input in
        let evidence = try Evidence(parsing: input)
        let again = succeed("evidence that is written again is evidence") {
            try Evidence(parsing: Array(evidence.json.compact.utf8))
        }
        demand(again == evidence, "evidence that is written again is the same")
        demand(try evidence.expectedReportData().count == 64, "REPORT_DATA has 64 bytes")
    }

    static let policy: Fuzz.Target = { input in
        let policy = try AttestationPolicy(parsing: input)
        demand(policy.report != nil || !policy.ekRoots.isEmpty, "a policy says which guest it means")
        demand(policy.time(clock: .max) == .max, "a clock may go on")
    }

    static let revocationList: Fuzz.Target = { input in
        guard let list = RevocationList.parse(input) else { return }
        demand(list.issuer.commonName.utf8.count <= 2 * input.count, "a name lies in the list")
        if let end = list.validity?.notAfter { demand(abs(end) < 1 << 40, "a date has a year of four digits") }
        guard RevocationList.parse(input + [0]) == nil else { violate("nothing may follow a list") }
    }

    static let bundle: Fuzz.Target = { input in
        guard let parts = PEMBundle.parse(input) else { return }
        demand((1...PEMBundle.mostParts).contains(parts.count), "a bundle has as many parts as allowed")
        demand(parts.reduce(0) { $0 + $1.contents.count } <= input.count, "the parts lie in the text")
    }

    private static func isGenuine(_ report: AttestationReport, _ certificates: EndorsementCertificates) -> Bool {
        do throws(VerificationFailure) {
            _ = try verifier.verify(report, with: certificates)
            return true
        } catch { return false }
    }

    /// A bit of MEASUREMENT.
    private static func flipped(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        bytes[0x90] ^= 1
        return bytes
    }

    private static func demandPrintable(_ text: String) {
        demand(text.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "a message is printable")
    }
}
