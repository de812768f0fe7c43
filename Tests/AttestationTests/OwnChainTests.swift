import Attestation
import Cryptography
import Foundation
import OwnChip
import Testing

/// Chains and revocation lists that end in a root of our own.
@Suite(.serialized) struct OwnChainTests {
    private let chip: OwnChip
    private let day: Int64 = 86400

    init() throws { chip = try OwnChip.shared.get() }

    private func failure(leaf: [UInt8]? = nil, ask: [UInt8]? = nil, ark: [UInt8]? = nil) throws -> VerificationFailure?
    {
        let certificates = try chip.certificates(leaf: leaf, ask: ask, ark: ark)
        return AttestationTests.failure { try chip.verify(with: certificates) }
    }

    private func verify(
        with list: [UInt8], _ demand: RevocationDemand = .optional, days: Int64 = 0
    ) throws -> VerifiedReport {
        var certificates = try chip.certificates()
        #expect(certificates.add(list) == 1)
        return try chip.verify(with: certificates, revocation: demand, days: days)
    }

    @Test func everyCertificateExpiresByItsRole() throws {
        func reason(_ days: Int64) -> VerificationFailure? { AttestationTests.failure { try chip.verify(days: days) } }
        #expect(reason(363) == nil)
        guard case .expired(.vcek, let leaf) = reason(366), case .expired(.ask, let ask) = reason(1830),
            case .expired(.ark, let ark) = reason(3660)
        else {
            Issue.record("expired in another order")
            return
        }
        #expect([leaf, ask, ark].map { ($0 - chip.time + day + 60) / day } == [365, 1825, 3650])
        guard case .notYetValid(.ark, from: _) = reason(-3) else {
            Issue.record("valid before it was made")
            return
        }
    }

    @Test func everySignatureMustBeItsIssuers() throws {
        try chip.authority("other", name: "ARK-Milan", issuer: "other", serial: "0x10000", days: 3650)
        let sameName = try chip.authority(
            "ask-other", key: "ask", name: "SEV-Milan", issuer: "other", serial: "1", days: 99)
        #expect(try failure(ask: sameName) == .signature(.ask, by: .ark))
        #expect(try failure(ask: sameName, ark: chip.bytes("other"))?.reason == "untrusted-root")
        #expect(try failure(ark: chip.bytes("other")) == nil, "the root that the caller trusts is at hand")
        let foreign = try chip.leaf("foreign", issuer: "other")
        #expect(try failure(leaf: foreign)?.reason == "missing-certificate")
        // The same name as the ASK, another key.
        try chip.authority("other", name: "SEV-Milan", issuer: "other", serial: "0x10000", days: 3650)
        #expect(try failure(leaf: chip.leaf("foreign", issuer: "other")) == .signature(.vcek, by: .ask))
        // The trusted key, in a certificate that another one signed: no root at all.
        let crossed = try chip.authority(
            "crossed", key: "ark", name: "ARK-Milan", issuer: "other", serial: "1", days: 9)
        let roots = try #require(TrustedRoots(certificates: [crossed]))
        let verifier = ReportVerifier(roots: roots, time: chip.time)
        let found = AttestationTests.failure {
            try verifier.verify(chip.report(), with: chip.certificates(ark: crossed))
        }
        #expect(found == .missing(.ark))
    }

    /// The trusted key and the right names, but not signed by itself.
    @Test func aRootSignsItself() throws {
        var changed = try chip.bytes("ark")
        changed[changed.count - 1] ^= 1
        #expect(try failure(ark: changed) == .signature(.ark, by: .ark))
    }

    @Test func anAuthorityIsOneByKeyAndConstraints() throws {
        func ask(_ extensions: String, key: String = "ask", scheme: String = OwnChip.scheme) throws -> [UInt8] {
            try chip.authority(
                "ask-bad", key: key, name: "SEV-Milan", issuer: "ark", serial: "1", days: 99, extensions: extensions,
                scheme: scheme)
        }
        let fit = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign"
        #expect(try failure(ask: ask(fit)) == nil)
        #expect(try failure(ask: ask("basicConstraints=CA:FALSE")) == .notFit(.ask))
        #expect(try failure(ask: ask("subjectKeyIdentifier=hash")) == .notFit(.ask))
        #expect(try failure(ask: ask("basicConstraints=CA:TRUE\nkeyUsage=cRLSign")) == .notFit(.ask))
        #expect(try failure(ask: ask(fit + "\n1.2.3=critical,DER:0500")) == .notFit(.ask))
        #expect(try failure(ask: ask(fit, scheme: "-sha384")) == .signature(.ask, by: .ark))
        let weak = OwnChip.scheme.replacing("saltlen:48", with: "saltlen:32")
        #expect(try failure(ask: ask(fit, scheme: weak)) == .signature(.ask, by: .ark))
        // A key of 2048 bits that signs the leaf in the right way.
        #expect(try failure(ask: ask(fit, key: "other"))?.step == .intermediate)
    }

    @Test func aRevokedIntermediateIsRefusedAlsoByAStaleList() throws {
        let list = try chip.list("ark", revoked: ["010001"], days: 3)
        for demand in RevocationDemand.allCases {
            for days: Int64 in [0, 30] {
                let found = AttestationTests.failure { try verify(with: list, demand, days: days) }
                #expect(found == .revoked(.ask, serial: "10001"))
                #expect(found?.description == "revoked: the ASK certificate, serial 0x10001, is revoked")
            }
        }
        let itself = try chip.list("ark", revoked: ["010000"])
        #expect(AttestationTests.failure { try verify(with: itself) } == .revoked(.ark, serial: "10000"))
        // A VCEK's serial number is 0: a list of the ASK with it revokes all of them.
        let leaf = try chip.list("ask", revoked: ["00"])
        #expect(AttestationTests.failure { try verify(with: leaf) } == .revoked(.vcek, serial: "0"))
        // The root does not speak about what the intermediate has issued.
        let others = try chip.list("ark", revoked: ["00", "020001"])
        #expect(AttestationTests.failure { try verify(with: others) } == nil)
    }

    @Test func howFreshAListMustBeIsForTheCallerToSay() throws {
        let earliest = Int64(Date().timeIntervalSince1970)
        let list = try chip.list("ark", revoked: [], days: 3)
        let latest = Int64(Date().timeIntervalSince1970)
        let fresh = try verify(with: list, .fresh, days: 0)
        guard case .fresh(let end) = fresh.revocation else {
            Issue.record("not fresh")
            return
        }
        #expect((earliest + 3 * day...latest + 3 * day).contains(end))
        #expect(try verify(with: list, .any, days: 30).revocation == .stale(since: end))
        #expect(try verify(with: list, .optional, days: 30).revocation == .stale(since: end))
        #expect(AttestationTests.failure { try verify(with: list, .fresh, days: 30) } == .staleList(at: end))
        #expect(AttestationTests.failure { try chip.verify(revocation: .fresh) } == .missingList)
        #expect(AttestationTests.failure { try chip.verify(revocation: .any) } == .missingList)
        #expect(try chip.verify().revocation == .notChecked)
        // Of the intermediate's there is no need, and it stands in for none of the root's.
        let other = try chip.list("ask", revoked: [])
        #expect(AttestationTests.failure { try verify(with: other, .any) } == .missingList)
    }

    @Test func aListThatSomebodyElseSignedIsRefused() throws {
        try chip.authority("other", name: "ARK-Milan", issuer: "other", serial: "0x10000", days: 3650)
        let forged = try chip.list("other", revoked: [])
        #expect(AttestationTests.failure { try verify(with: forged) } == .listSignature(issuer: "ARK-Milan"))
    }

    @Test func moreThanAnybodyNeedsIsRefused() throws {
        var certificates = try chip.certificates()
        // They differ in their signatures.
        let leaf = try chip.bytes("chip")
        let many = (1..<63).map { Array(leaf.dropLast()) + [(leaf.last ?? 0) ^ UInt8($0)] }
        for leaf in many.prefix(61) { certificates.add(leaf) }
        #expect(AttestationTests.failure { try chip.verify(with: certificates) } == nil)
        certificates.add(many[61])
        #expect(AttestationTests.failure { try chip.verify(with: certificates) } == .tooManyCertificates)
    }
}
