import Attestation
import OwnChip
import SNPABI
import Testing

/// What no real certificate and report can show: each of them wrong in one thing.
@Suite(.serialized) struct OwnChipTests {
    private let chip: OwnChip

    init() throws { chip = try OwnChip.shared.get() }

    private func failure(_ leaf: [String: String]) throws -> VerificationFailure? {
        let certificates = try chip.certificates(leaf: chip.leaf("changed", leaf))
        return AttestationTests.failure { try chip.verify(with: certificates) }
    }

    private func failure(_ change: (inout AttestationReport) -> Void) -> VerificationFailure? {
        AttestationTests.failure { try chip.verify(chip.report(change)) }
    }

    @Test func anEmulatedChipIsGenuineOnlyForWhoTrustsItsRoot() throws {
        let verified = try chip.verify()
        #expect(verified.root == .caller && verified.generation == .milan && verified.chip == OwnChip.identifier)
        #expect(verified.certificates.map(\.serial) == ["10000", "10001", "0"])
        let foreign = AttestationTests.failure {
            try ReportVerifier(time: chip.time).verify(chip.report(), with: chip.certificates())
        }
        #expect(foreign?.reason == "untrusted-root" && foreign?.step == .root)
    }

    @Test func theChipMayBeMaskedButNotTheKey() throws {
        let masked = try chip.verify(chip.report { $0.chipID = [UInt8](repeating: 0, count: 64) })
        #expect(masked.chip == OwnChip.identifier)
        #expect(failure { $0.flags = ReportFlags(rawValue: 2) } == .unsigned)
        #expect(failure { $0.flags = ReportFlags(rawValue: 7 << 2) } == .unsigned)
        #expect(failure { $0.flags = ReportFlags(rawValue: 3 << 2) } == .unknownSigningKey(3))
        #expect(failure { $0.flags = ReportFlags(rawValue: 1 << 2) } == .otherKey(claimed: .vlek, found: .vcek))
        #expect(failure { $0.signatureAlgorithm = 2 } == .unknownAlgorithm(2))
        #expect(failure { $0.chipID[63] ^= 1 }?.reason == "chip")
    }

    @Test func aVLEKMayNotPassForAVCEKNorTheOtherWayRound() throws {
        let provider = ["4": "", "5": "1603612e62"]
        #expect(try failure(provider) == .otherKey(claimed: .vcek, found: .vlek))
        let vlek = try chip.certificates(leaf: chip.leaf("vlek", provider))
        let report = try chip.report {
            $0.flags = ReportFlags(isAuthorKeyEnabled: false, isChipKeyMasked: false, signingKey: .vlek)
            $0.chipID = [UInt8](repeating: 0, count: 64)
        }
        let verified = try chip.verify(report, with: vlek)
        #expect(verified.key == .vlek && verified.cspID == "a.b" && verified.chip == nil)
        #expect(try failure(["5": "1603612e62"]) == .extensions(.vcek, extension: "4"))
    }

    /// Each level that the certificate and the report disagree on, in either direction.
    @Test func theCertificateIsForTheReportedTCBOnly() throws {
        for (name, value) in [
            ("3.1", "020105"), ("3.2", "020101"), ("3.3", "020117"),
            ("3.8", "020200dc"),
            ("3.4", "020101"), ("3.7", "020101"),
        ] { #expect(try failure([name: value])?.reason == "tcb", "\(name)") }
        let found = try #require(try failure(["3.8": "020200dc"]))
        #expect(
            found.detail == "the certificate is for boot_loader 4, tee 0, snp 24, microcode 220, "
                + "the report for boot_loader 4, tee 0, snp 24, microcode 219")
        #expect(found.step == .tcb)
    }

    @Test func extensionsMustBeAsAMDs() throws {
        #expect(try failure(["4": "0440" + OwnChip.extensions[10].der]) == nil)
        for (name, value) in [
            ("1", ""), ("2", "0c084d696c616e2d4230"), ("2", "1604526f6d65"), ("3.3", ""), ("3.8", "0202012c"),
            ("3.1", "0201ff"), ("3.2", "02010000"), ("4", String(repeating: "00", count: 63)), ("3.9", "020100"),
            ("3.10", "020100"),
        ] { #expect(try failure([name: value]) == .extensions(.vcek, extension: name), "\(name) \(value)") }
        #expect(try failure(["1": "020101"]) == .structVersion(found: 1, expected: 0))
        #expect(try failure(["9": "critical,DER:0500"]) == .notFit(.vcek))
        #expect(try failure(["9": "0500"]) == nil)
    }

    @Test func theProcessorIsTheCertificates() throws {
        #expect(
            failure { $0.processor?.model = 0x11 } == .otherGeneration(.vcek, of: .milan, expected: .genoa))
        #expect(failure { $0.processor?.family = 0x17 } == .unknownProcessor(family: 0x17, model: 1))
        // Version 2 names none.
        let old = try chip.report {
            $0.version = 2
            $0.processor = nil
        }
        #expect(try chip.verify(old).generation == .milan)
    }

    @Test func theTCBsOfAReportAreInOrder() throws {
        // Microcode higher, boot loader lower: as one number it would be in order.
        let mixed = TCBVersion(TCBComponents(bootLoader: 3, tee: 0, snp: 24, microcode: 220), for: .milan)
        let higher = TCBVersion(TCBComponents(bootLoader: 4, tee: 0, snp: 24, microcode: 220), for: .milan)
        #expect(
            failure { $0.committedTCB = mixed }
                == .inconsistent(.reported, OwnChip.tcb, above: .committed, mixed, .milan))
        #expect(
            failure { $0.committedTCB = higher }
                == .inconsistent(.committed, higher, above: .current, OwnChip.tcb, .milan))
        #expect(
            failure { $0.launchTCB = higher } == .inconsistent(.launch, higher, above: .current, OwnChip.tcb, .milan))
        #expect(failure { ($0.currentTCB, $0.committedTCB, $0.launchTCB) = (higher, higher, higher) } == nil)
        #expect(failure { ($0.currentTCB, $0.launchTCB) = (higher, mixed) } == nil)
    }
}
