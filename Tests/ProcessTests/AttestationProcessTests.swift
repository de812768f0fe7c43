import Foundation
import TestSupport
import Testing

/// Step 5 of the unlock where the platform certifies its TPM: no secure processor is needed for it.
@Suite struct AttestationProcessTests {
    private let machine: Machine
    private let scratch: Scratch
    private static let index = "0x1c0000a"

    init() throws {
        machine = try Machine()
        scratch = try Scratch()
        try machine.enroll()
        let tpm = machine.tpm
        try tpm.succeed("tpm2_createek", "-Q", "-c", "ek.ctx", "-G", "ecc", "-u", "ek.pub")
        try tpm.succeed("tpm2_readpublic", "-Q", "-c", "ek.ctx", "-f", "pem", "-o", "ek.pem")
        try tpm.succeed("tpm2_flushcontext", "-t")
        try scratch.write(tpm.read("ek.pem"), to: "ek.pem")
        try scratch.shell(
            """
            for name in ca other; do
                openssl req -x509 -newkey rsa:2048 -nodes -days 100 -keyout $name.key -out $name.pem -subj /CN=$name 2>/dev/null
            done
            openssl req -new -newkey rsa:2048 -nodes -keyout x.key -subj /CN=vTPM -out x.csr 2>/dev/null
            openssl x509 -req -in x.csr -force_pubkey ek.pem -CA ca.pem -CAkey ca.key -set_serial 7 -days 99 \
                -outform DER -out ek.der 2>/dev/null
            """)
        try certify(tpm)
        try trust("ca")
    }

    /// Leaves the certificate in a TPM.
    private func certify(_ tpm: SoftwareTPM) throws {
        let bytes = try scratch.bytes("ek.der")
        try tpm.write(bytes, to: "ek.der")
        try tpm.succeed(
            "tpm2_nvdefine", "-Q", Self.index, "-C", "o", "-s", "\(bytes.count)", "-a", "ownerread|ownerwrite|authread")
        try tpm.succeed("tpm2_nvwrite", "-Q", Self.index, "-C", "o", "-i", "ek.der")
    }

    /// Configures attestation with that authority.
    private func trust(_ authority: String) throws {
        let pem = String(decoding: try scratch.bytes(authority + ".pem"), as: UTF8.self).replacing("\n", with: "\\n")
        try scratch.write(Array("{\"version\": 1, \"ek_roots\": [\"\(pem)\"]}".utf8), to: "policy.json")
        try machine.configure(
            "boot-check = off\nprovider = ek-cert\nattestation-policy = \(scratch.file("policy.json"))\n")
    }

    private func report(_ result: CommandResult) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(result.output))
    }

    @Test func unlocksWithTheTPMOfTheCertificate() throws {
        let result = try machine.unlock()
        #expect(result.status == 0, "\(result.errorText)")
        let report = try report(result)
        #expect(report.attestation == .init(provider: "ek-cert", verdict: "accepted"))
        let names = report.steps.map(\.name)
        #expect(names.suffix(3) == ["attest", "unseal", "authenticate"])
    }

    @Test func unsealsNothingWithoutThatCertificate() throws {
        try trust("other")
        let interposer = try Interposer(before: machine.tpm)
        let result = try machine.unlock("--tcti", interposer.tcti)
        #expect(result.status == 76)
        #expect(try report(result).attestation == .init(provider: "ek-cert", verdict: "refused"))
        // TPM2_Load and TPM2_Unseal.
        #expect(!interposer.exchanges.contains { [0x157, 0x15E].contains(Interposer.code($0.command)) })
    }

    /// The TPM that has proven itself is taken away, and another one with the same certificate put in its place.
    @Test func refusesATPMThatTookTheOthersPlace() throws {
        let other = try Machine()
        try other.enroll()
        try certify(other.tpm)
        let replacement = try Interposer(before: other.tpm)
        let swapped = Flag()
        let interposer = try Interposer(before: machine.tpm) { _, command, ask in
            if swapped.isSet { return replacement.ask(command) }
            // TPM2_Create is the proof.
            if Interposer.code(command) == 0x153 { swapped.isSet = true }
            return ask(command)
        }
        let result = try machine.unlock("--tcti", interposer.tcti)
        #expect(swapped.isSet)
        #expect(result.status == 76, "\(result.errorText)")
        #expect(result.errorText.contains("attestation"))
    }

    @Test func saysWhichPolicyIsMissing() throws {
        try machine.configure("boot-check = off\nprovider = ek-cert\nattestation-policy = /nonexistent\n")
        let result = try machine.unlock()
        #expect(result.status == 78)
        #expect(result.errorText.contains("/nonexistent"))
        #expect(try report(result).attestation?.verdict == "refused")
    }

    @Test func attestsNothingWhereNobodyAsks() throws {
        try machine.configure("boot-check = off\n")
        let result = try machine.unlock()
        #expect(result.status == 0)
        #expect(try report(result).attestation == nil)
    }

    /// Without a secure processor there is no second factor, and nothing is written.
    @Test func enrolsNoSecondFactorThatIsNotThere() throws {
        let other = try Machine()
        let result = try other.enroll(["--second-factor", "snp"])
        #expect(result.status == 69)
        #expect(result.errorText.contains("second factor"))
        #expect(try other.enroll(["--second-factor", "snp:nonsense"]).status == 64)
        #expect(try other.unlock().status == 79)
    }
}

private struct Report: Decodable {
    struct Attestation: Decodable, Equatable {
        let provider, verdict: String
    }
    struct Step: Decodable {
        let name: String
    }
    let attestation: Attestation?
    let steps: [Step]
}

private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false
    var isSet: Bool {
        get { lock.withLock { value } }
        set { lock.withLock { value = newValue } }
    }
}
