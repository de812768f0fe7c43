import Attestation
import Attesting
import Configuration
import InitramfsRuntime
import OwnChip
import SNPABI
import TPM
import TestSupport
import Testing

@Suite(.serialized) struct SVSMTests {
    private let machine: Machine
    private let policy: String

    init() throws {
        machine = try Machine()
        policy = try machine.policy("")
    }

    private func reports(_ change: @escaping @Sendable (inout AttestationReport) -> Void = { _ in }) throws -> Reports {
        Reports(manifest: try machine.endorsementKey(), change: change)
    }

    @Test func acceptsTheTPMOfThisGuest() throws {
        #expect(try machine.failure(.svsm, policy, reports()) == nil)
    }

    @Test func refusesAReportForAnotherNonce() throws {
        var stale = try reports()
        stale.staleNonce = [UInt8](repeating: 1, count: 64)
        #expect(try machine.failure(.svsm, policy, stale) == .reportData)
    }

    /// A guest at a lower level can have such a report made itself, about any key; even a policy that allows it is not heeded.
    @Test func refusesAReportOfALowerLevel() throws {
        let lenient = try machine.policy(", \"vmpl\": 2")
        let failure = try machine.failure(.svsm, lenient, reports { $0.vmpl = 2 })
        #expect(failure == .privilegeLevel(2))
        #expect(failure?.exitCode == .attestationRefused)
    }

    @Test func refusesAnotherGuestThanTheOwners() throws {
        let cases: [(rule: String, change: @Sendable (inout AttestationReport) -> Void)] = [
            ("measurements", { $0.measurement[0] ^= 1 }),
            ("guest_policy.debug", { $0.policy = GuestPolicy(rawValue: 0xB0000) }),
        ]
        for (rule, change) in cases {
            guard case .findings(let findings) = try machine.failure(.svsm, policy, reports(change)) else {
                Issue.record("accepted in spite of \(rule)")
                continue
            }
            #expect(findings.map(\.rule) == [rule])
        }
    }

    @Test func refusesAReportThatNobodySigned() throws {
        let failure = try machine.failure(.svsm, machine.policy("", root: "ask"), reports())
        guard case .verification = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.exitCode == .attestationRefused)
        let late = try machine.failure(.svsm, policy, reports(), days: 4000)
        guard case .verification = late else {
            Issue.record("\(String(describing: late))")
            return
        }
    }

    @Test func takesCertificatesFromTheFolderWhereTheHostHasNone() throws {
        var bare = try reports()
        bare.hasCertificates = false
        guard case .verification(.missing) = try machine.failure(.svsm, policy, bare) else {
            Issue.record("no certificate is missing")
            return
        }
        try machine.scratch.shell("mkdir certs")
        for name in ["chip", "ask", "ark"] {
            try machine.scratch.write(machine.chip.bytes(name), to: "certs/\(name).der")
        }
        #expect(try machine.failure(.svsm, policy, bare) == nil)
    }

    @Test func refusesATPMThatIsNotTheOneVouchedFor() throws {
        let other = try SoftwareTPM()
        let failure = try machine.failure(.svsm, policy, Reports(manifest: machine.endorsementKey(of: other)))
        guard case .unproven = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.exitCode == .attestationRefused)
    }

    @Test func refusesAManifestThatIsNoEndorsementKey() throws {
        let key = try machine.endorsementKey()
        for manifest in [[], Array(key.dropLast()), key + [0], [UInt8](repeating: 0, count: 314)] {
            let failure = try machine.failure(.svsm, policy, Reports(manifest: manifest))
            guard case .manifest = failure else {
                Issue.record("\(String(describing: failure))")
                continue
            }
        }
    }

    @Test func needsRulesForReports() throws {
        let bare = machine.scratch.file("bare.json")
        let pem = String(decoding: try machine.chip.folder.bytes("ark.pem"), as: UTF8.self).replacing("\n", with: "\\n")
        try machine.scratch.write(Array("{\"version\": 1, \"ek_roots\": [\"\(pem)\"]}".utf8), to: "bare.json")
        #expect(try machine.failure(.svsm, bare, reports()) == .noReportRules)
        #expect(try machine.failure(.azureHCL, bare, reports()) == .noReportRules)
        #expect(try machine.failure(.ekCertificate, policy, reports()) == .noAuthorities)
        let missing = try machine.failure(.svsm, machine.scratch.file("none"), reports())
        #expect(missing?.exitCode == .configuration)
    }
}
