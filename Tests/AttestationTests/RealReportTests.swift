import Attestation
import BoundedBytes
import Cryptography
import Foundation
import SNPABI
import TestSupport
import Testing

/// What AMD's processors and key servers made.
@Suite(.enabled(if: SharedData.isPresent)) struct RealReportTests {
    @Test(arguments: RealReport.all) func isGenuine(_ real: RealReport) throws {
        let verified = try real.verify()
        #expect(verified.report == (try real.report))
        #expect(verified.generation.rawValue.lowercased() == real.generation)
        #expect(verified.key.rawValue == real.kind)
        #expect(verified.root == .amd(verified.generation))
        #expect(verified.revocation == .notChecked)
        let text = try SharedData.bytes("snp/reports/\(real.name)/expected.json")
        let expected = try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any]
        let leaf = expected?["vek"] as? [String: Any]
        let extensions = leaf?["amd_extension_values_hex"] as? [String: String]
        let chip = extensions?["1.3.6.1.4.1.3704.1.4"].map { $0 + String(repeating: "0", count: 128 - $0.count) }
        #expect(verified.chip.map { Hexadecimal.encode($0) } == chip)
        #expect(
            verified.certificates.map(\.role.rawValue) == [
                "ARK", real.kind == "vcek" ? "ASK" : "ASVK", real.kind.uppercased(),
            ])
        #expect(verified.certificates.last?.serial == "0")
        #expect(
            verified.certificates.last.map { Hexadecimal.encode($0.fingerprint) }
                == leaf?["sha256_fingerprint_der"] as? String)
    }

    @Test func theProviderOfAVLEKIsNamed() throws {
        let verified = try RealReport.vlek.verify()
        #expect(verified.cspID == "CN=cc-us-east-2.amazonaws.com" && verified.chip == nil)
    }

    /// Every bit of the signed part, one at a time: a seventh of them in each report, all of them in the seven together.
    @Test(arguments: RealReport.all) func noBitOfTheSignedPartMayChange(_ real: RealReport) throws {
        let (genuine, certificates) = (try real.bytes, try real.certificates)
        let first = RealReport.all.firstIndex { $0.name == real.name } ?? 0
        var reasons: Set<String> = []
        for bit in stride(from: first, to: 672 * 8, by: 7) {
            var bytes = genuine
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let report = try? AttestationReport(parsing: bytes) else { continue }
            let found = failure { try real.verify(report, with: certificates) }
            reasons.insert(try #require(found, "bit \(bit)").reason)
        }
        #expect(reasons.contains("report-signature") && reasons.contains("tcb"))
    }

    @Test(arguments: RealReport.all) func noBitOfTheSignatureMayChange(_ real: RealReport) throws {
        let (genuine, certificates) = (try real.bytes, try real.certificates)
        for bit in stride(from: 672 * 8, to: 1184 * 8, by: 11) {
            var bytes = genuine
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let report = try? AttestationReport(parsing: bytes) else { continue }
            #expect(failure { try real.verify(report, with: certificates) }?.reason == "report-signature")
        }
    }

    @Test(arguments: RealReport.all) func anotherChipsCertificateIsRefused(_ real: RealReport) throws {
        for other in RealReport.all where other.name != real.name {
            let certificates = EndorsementCertificates([try other.leaf, try other.chain, try real.chain])
            let found = failure { try real.verify(with: certificates) }
            // Version 2 does not name the processor.
            let isNamed = try real.report.version > 2
            let expected = other.generation != real.generation && isNamed ? ["generation"] : ["tcb", "chip"]
            let isKind = other.kind == real.kind
            #expect(
                (isKind ? expected : ["signing-key", "missing-certificate"]).contains(found?.reason ?? ""),
                "\(other.name)")
        }
    }

    @Test(arguments: RealReport.all) func aChainThatIsNotItsOwnIsRefused(_ real: RealReport) throws {
        let leaf = try real.leaf
        #expect(
            failure { try real.verify(with: EndorsementCertificates()) }
                == .missing(real.kind == "vcek" ? .vcek : .vlek))
        #expect(
            failure { try real.verify(with: EndorsementCertificates([leaf])) }
                == .missing(real.kind == "vcek" ? .ask : .asvk))
        let parts = try #require(PEMBundle.parse(try real.chain))
        #expect(
            failure { try real.verify(with: EndorsementCertificates([leaf, parts[0].contents])) } == .missing(.ark))
        for other in RealReport.all where other.generation != real.generation || other.kind != real.kind {
            let certificates = EndorsementCertificates([leaf, try other.chain])
            #expect(failure { try real.verify(with: certificates) }?.step == .intermediate)
        }
    }

    /// 2020-10-22, between ARK and ASK of Milan; a year later, before any of the chips; and when the VLEK has expired.
    @Test func certificatesCountInTheirTimeOnly() throws {
        let milan = RealReport.milan
        #expect(failure { try milan.verify(time: 0) } == .notYetValid(.ark, from: 1_603_387_385))
        #expect(failure { try milan.verify(time: 1_603_387_386) } == .notYetValid(.ask, from: 1_603_391_060))
        #expect(failure { try milan.verify(time: 1_634_860_800) } == .notYetValid(.vcek, from: 1_738_606_906))
        #expect(failure { try milan.verify(time: 1_738_606_905) }?.reason == "not-yet-valid")
        #expect(failure { try milan.verify(time: 1_738_606_906) } == nil)
        let vlek = RealReport.vlek
        #expect(failure { try vlek.verify(time: 1_765_404_861) } == nil)
        let expired = try #require(failure { try vlek.verify(time: 1_765_404_862) })
        #expect(expired == .expired(.vlek, at: 1_765_404_861))
        #expect(expired.description == "expired: the VLEK certificate expired at 2025-12-10T22:14:21Z")
    }

    @Test func aForgedCertificateIsRefused() throws {
        let milan = RealReport.milan
        for name in ["octethwid", "rawhwid"] {
            let forged = try SharedData.bytes("snp/certs/negative_vcek_modified_\(name).der")
            let certificates = EndorsementCertificates([forged, try milan.chain])
            #expect(failure { try milan.verify(with: certificates) } == .signature(.vcek, by: .ask))
        }
    }

    @Test func theRightCertificateIsFoundAmongMany() throws {
        var all = EndorsementCertificates()
        for real in RealReport.all {
            all.add(try real.leaf)
            all.add(try real.chain)
        }
        for real in RealReport.all { #expect(failure { try real.verify(with: all) } == nil, "\(real.name)") }
    }

    /// Of a report whose chip is not known here, and of one with a signature that upstream calls bad.
    @Test func aReportOfAnotherMachineIsRefused() throws {
        let report = try AttestationReport(parsing: SharedData.bytes("snp/reports/unverified/lit-milan-v2-report.bin"))
        let virtee = RealReport(name: "milan-v2-vcek-virtee")
        let found = failure { try virtee.verify(report) }
        #expect(found?.reason == "chip" || found?.reason == "tcb")
    }

    @Test func aRootThatIsNotPinnedIsRefused() throws {
        let milan = RealReport.milan
        let root = Array(try SharedData.bytes("snp/certs/genoa_ark.pem"))
        let roots = try #require(TrustedRoots(pem: root, includingAMD: false))
        let verifier = ReportVerifier(roots: roots, time: RealReport.time)
        let found = failure { try verifier.verify(try milan.report, with: try milan.certificates) }
        #expect(found?.reason == "untrusted-root")
        #expect(found?.detail.contains("'ARK-Milan' (SHA-256 69d063b45344d26a") == true)
    }

    /// The bundle has no root, but the caller does.
    @Test func aRootMayComeFromTheCaller() throws {
        let milan = RealReport.milan
        let intermediate = try SharedData.bytes("snp/certs/milan_ask.pem")
        let certificates = EndorsementCertificates([try milan.leaf, intermediate])
        let roots = try #require(TrustedRoots(pem: SharedData.bytes("snp/certs/milan_ark.pem")))
        let verified = try ReportVerifier(roots: roots, time: RealReport.time).verify(milan.report, with: certificates)
        #expect(verified.root == .amd(.milan))
    }
}
