import Attestation
import BoundedBytes
import Foundation
import JSON
import OwnChip
import SNPABI
import TestSupport
import Testing

/// `sealroot attest verify` as a script sees it.
@Suite(.enabled(if: SharedData.isPresent)) struct AttestCommandTests {
    private let real = RealReport.milan
    private let folder: Scratch

    init() throws {
        folder = try Scratch()
        try folder.shell("mkdir certs certs/inside && echo text >certs/README && head -c 100 /dev/zero >certs/zeros")
        // What a file is called says nothing.
        try folder.write(try real.leaf, to: "certs/a.txt")
        try folder.write(try real.chain, to: "certs/b.bin")
        try folder.write(try real.bytes, to: "report")
    }

    private func verify(_ arguments: String...) throws -> CommandResult {
        try Command.run(
            [Scratch.product("sealroot").path, "attest", "verify"] + arguments, folder: folder.path)
    }

    private func policy(_ more: String = "") throws -> String {
        let text = PolicyFileTests.text(more)
            .replacing(PolicyFileTests.measurement, with: Hexadecimal.encode(try real.report.measurement))
        try folder.write(Array(text.utf8), to: "policy")
        return "policy"
    }

    @Test func aGenuineReportIsShownAsATree() throws {
        let result = try verify("report", "--certs", "certs", "--time", "2025-09-01")
        #expect(result.status == 0)
        let lines = result.text.split(separator: "\n").map(String.init)
        #expect(lines.first == "report at 2025-09-01T00:00:00Z")
        #expect(lines.last == "verdict: genuine; no policy says what the guest must be")
        let names = lines.filter { $0.hasPrefix("  ") }.map { String($0.dropFirst(2).prefix { $0 != " " }) }
        #expect(
            names == VerificationFailure.Step.allCases.map(\.rawValue) + [
                "measurement", "vmpl", "guest_policy", "platform_info",
            ])
        #expect(lines.contains { $0.contains("ok  boot_loader 4, tee 0, snp 24, microcode 219") })
        #expect(lines.contains { $0.hasSuffix(" smt, ecc, alias-check-complete") })
    }

    @Test func aPolicyDecidesRuleByRule() throws {
        let met = try verify("report", "--certs", "certs", "--policy", policy(), "--json")
        #expect(met.status == 0)
        #expect(try JSONValue(parsing: met.output)["result"] == .string("accepted"))
        let unmet = try verify(
            "report", "--certs", "certs", "--policy", policy(#""vmpl":2,"minimum_guest_svn":1"#), "--json")
        #expect(unmet.status == 76)
        let object = try JSONValue(parsing: unmet.output)
        #expect(object["result"] == .string("refused"))
        #expect(
            object["reasons"]
                == .array([
                    .string("minimum_guest_svn: expected at least 1, found 0"), .string("vmpl: expected 2, found 0"),
                ]))
        #expect(
            object["policy"]?.array?.map { $0["rule"]?.string } == [
                "measurements", "minimum_guest_svn", "vmpl", "minimum_tcb.reported", "guest_policy",
                "guest_policy.migration-agent", "guest_policy.debug", "guest_policy.migration-agent",
            ])
        #expect(object["report"]?["measurement"] == .string(Hexadecimal.encode(try real.report.measurement)))
        #expect(object["report"]?["tcb"]?["launch"]?["microcode"] == .integer(219))
        #expect(object["certificates"]?.array?.map { $0["role"]?.string } == ["ARK", "ASK", "VCEK"])
        let text = try verify("report", "--certs", "certs", "--policy", policy(#""vmpl":2"#)).text
        #expect(text.contains("REFUSED  expected 2, found 0"))
        #expect(text.hasSuffix("verdict: refused: genuine, but not what is demanded: vmpl"))
    }

    @Test func whatIsRefusedIsNamedAndTheStepsBeforeItAreShown() throws {
        let early = try verify("report", "--certs", "certs", "--time", "2020-10-22T17:30:00Z")
        #expect(early.status == 76)
        #expect(
            early.text.hasSuffix(
                "verdict: refused: not-yet-valid: the ASK certificate is valid from 2020-10-22T18:24:20Z only"))
        let object = try JSONValue(parsing: try verify("report", "--json").output)
        #expect(object["reasons"] == .array([.string("missing-certificate: no certificate of a VCEK was given")]))
        #expect(object["steps"]?.array?.last?["step"] == .string("leaf"))
        #expect(object["policy"] == .null)
        var bytes = try real.bytes
        bytes[0x90] ^= 1
        try folder.write(bytes, to: "changed")
        let changed = try verify("changed", "--certs", "certs")
        #expect(changed.status == 76)
        #expect(
            changed.text.contains("verdict: refused: report-signature: the report's signature is not one of the VCEK"))
    }

    /// REPORT_DATA of the sample of Azure is the digest of its runtime data: an oracle that we have not made.
    @Test func evidenceIsBoundToItsManifest() throws {
        let blob = try SharedData.bytes("snp/azure-hcl/hcl-report.bin")
        let report = Array(blob[0x20..<0x20 + 1184])
        let manifest = Array(blob[0x4D4..<0x4D4 + 1110])
        func write(_ provider: Evidence.Provider, _ manifest: [UInt8], _ nonce: [UInt8] = []) throws {
            let table = CertificateTable([
                .init(CertificateTable.vcek, try SharedData.bytes("snp/azure-hcl/vcek_chain.pem"))
            ])
            let evidence = Evidence(
                provider: provider, report: report, certificateTable: table.encoded(), manifest: manifest, nonce: nonce)
            try folder.write(Array(evidence.json.pretty.utf8), to: "evidence")
        }
        try write(.azureHCL, manifest)
        let bound = try verify("evidence", "--json", "--time", "2024-06-01")
        #expect(bound.status == 0, "\(bound.text)")
        let object = try JSONValue(parsing: bound.output)
        #expect(object["report_data"]?["verdict"] == .string("ok") && object["nonce"] == .string("evidence"))
        #expect(try verify("evidence", "--time", "2024-06-01", "--nonce", "00").status == 76)
        try write(.azureHCL, manifest + [0])
        let other = try verify("evidence", "--time", "2024-06-01")
        #expect(
            other.status == 76
                && other.text.hasSuffix("verdict: refused: genuine, but not what is demanded: report_data"))
        try write(.svsm, manifest, [1, 2])
        #expect(try verify("evidence", "--time", "2024-06-01").status == 76)
    }

    @Test func theNonceIsTheCallers() throws {
        let chip = try OwnChip.shared.get()
        let report = try chip.report { $0.reportData = [7, 8] + [UInt8](repeating: 0, count: 62) }
        try folder.write(report.encoded(), to: "own")
        try chip.folder.shell(
            "cat chip.pem ask.pem >\(folder.file("own.pem")) && cp ark.pem \(folder.file("root.pem"))")
        let base = ["own", "--certs", "own.pem", "--roots", "root.pem"]
        func run(_ more: String...) throws -> CommandResult {
            try Command.run(
                [Scratch.product("sealroot").path, "attest", "verify", "--time", String(chip.time)] + base + more,
                folder: folder.path)
        }
        #expect(try run().status == 0 && run("--nonce", "0708").status == 0)
        let stale = try run("--nonce", "0709")
        #expect(stale.status == 76 && stale.text.contains("report_data"))
        #expect(try verify("own", "--certs", "own.pem", "--certs", "root.pem").text.contains("untrusted-root"))
    }

    @Test func whatCannotBeReadHasACodeOfItsOwn() throws {
        try folder.write(Array(real.bytes.prefix(1183)), to: "cut")
        try folder.write(Array("{}".utf8), to: "empty.json")
        try folder.write([], to: "nothing")
        let malformed: [([String], String)] = [
            (["cut"], "cut: ATTESTATION_REPORT: 1183 bytes instead of 1184"),
            (["empty.json"], "empty.json: evidence: 'version': missing"),
            (["nothing"], "nothing: ATTESTATION_REPORT: 0 bytes instead of 1184"),
            (["report", "--roots", "report"], "report: not certificates in PEM"),
            (["report", "--certs", "report"], "report: no certificate or revocation list"),
        ]
        for (arguments, detail) in malformed {
            let result = try Command.run(
                [Scratch.product("sealroot").path, "attest", "verify"] + arguments, folder: folder.path)
            #expect(result.status == 65)
            #expect(result.errorText == "sealroot: attest: malformed: \(detail)\n")
        }
        for arguments in [
            ["no"], ["report", "--certs", "no"], ["report", "--roots", "no"], ["report", "--policy", "no"],
        ] {
            let result = try Command.run(
                [Scratch.product("sealroot").path, "attest", "verify", "--json"] + arguments, folder: folder.path)
            #expect(result.status == 66)
            #expect(try JSONValue(parsing: result.output)["reason"] == .string("missing"))
        }
        #expect(try verify("report", "--policy", "empty.json").status == 78)
        #expect(try verify("report", "--time", "soon").status == 64)
        #expect(try verify("report", "--nonce", "xyz").status == 64)
    }
}
