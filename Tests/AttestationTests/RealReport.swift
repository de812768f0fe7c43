import Attestation
import SNPABI
import TestSupport
import Testing

/// The reports of real machines, each with its chip's certificate and AMD's chain.
struct RealReport: Sendable, CustomTestStringConvertible {
    let name: String
    /// 2025-09-01, when all their certificates are valid.
    static let time: Int64 = 1_756_684_800

    static let all = [
        "genoa-v5-vcek-oak", "milan-v2-vcek-azure-trustee", "milan-v2-vcek-virtee", "milan-v3-vcek-oak-cb",
        "milan-v3-vcek-oak-containers", "milan-v3-vlek-aws-trustee-vmpl1", "turin-v5-vcek-oak",
    ].map { RealReport(name: $0) }

    static let milan = RealReport(name: "milan-v3-vcek-oak-cb")
    static let vlek = RealReport(name: "milan-v3-vlek-aws-trustee-vmpl1")

    var testDescription: String { name }
    var generation: String { String(name.prefix { $0 != "-" }) }
    var kind: String { name.contains("vlek") ? "vlek" : "vcek" }
    var bytes: [UInt8] { get throws { try SharedData.bytes("snp/reports/\(name)/report.bin") } }
    var report: AttestationReport { get throws { try AttestationReport(parsing: bytes) } }
    var leaf: [UInt8] { get throws { try SharedData.bytes("snp/reports/\(name)/vek.der") } }
    var chain: [UInt8] { get throws { try SharedData.bytes("snp/certs/\(generation)_\(kind)_chain.pem") } }

    var certificates: EndorsementCertificates { get throws { EndorsementCertificates([try leaf, try chain]) } }

    func verify(
        _ report: AttestationReport? = nil, with certificates: EndorsementCertificates? = nil, time: Int64 = time
    ) throws -> VerifiedReport {
        try ReportVerifier(time: time).verify(
            report ?? self.report, with: certificates ?? self.certificates)
    }
}

extension EndorsementCertificates {
    /// Of several files, each of which must hold something.
    init(_ files: [[UInt8]]) {
        self.init()
        for file in files { #expect(add(file) > 0) }
    }
}

/// Runs a verification that must fail, and returns how.
func failure(_ body: () throws -> VerifiedReport) -> VerificationFailure? {
    do {
        _ = try body()
        return nil
    } catch { return error as? VerificationFailure }
}
