import Attesting
import Configuration
import Cryptography
import InitramfsRuntime
import SNPABI
import TPM
import TestSupport
import Testing

@Suite(.serialized) struct EndorsementCertificateTests {
    private let machine: Machine

    init() throws { machine = try Machine() }

    private let authority =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 9000 -keyout ca.key -out ca.pem 2>/dev/null"

    /// Issues a certificate for the endorsement key in `ek.pem`, and puts it into the TPM, `padding` zeros behind it.
    private func certify(_ algorithm: String, padding: Int = 0, serial: String = "7") throws -> String {
        let tpm = try machine.tpm.get()
        _ = try machine.endorsementKey(algorithm)
        let scratch = machine.scratch
        try scratch.write(try tpm.read("ek.pem"), to: "ek.pem")
        try scratch.shell(
            """
            [ -e ca.pem ] || \(authority) -subj /CN=Platform
            openssl req -new -newkey rsa:2048 -nodes -keyout x.key -subj /CN=vTPM -out x.csr 2>/dev/null
            openssl x509 -req -in x.csr -force_pubkey ek.pem -CA ca.pem -CAkey ca.key -set_serial \(serial) -days 8000 \
                -outform DER -out ek.der 2>/dev/null
            """)
        let bytes = try scratch.bytes("ek.der") + [UInt8](repeating: 0, count: padding)
        try tpm.write(bytes, to: "ek.der")
        let index = algorithm == "rsa" ? "0x1c00002" : "0x1c0000a"
        try tpm.succeed(
            "tpm2_nvdefine", "-Q", index, "-C", "o", "-s", "\(bytes.count)", "-a", "ownerread|ownerwrite|authread")
        try tpm.succeed("tpm2_nvwrite", "-Q", index, "-C", "o", "-i", "ek.der")
        return try roots("ca.pem")
    }

    private func roots(_ name: String) throws -> String {
        let pem = String(decoding: try machine.scratch.bytes(name), as: UTF8.self).replacing("\n", with: "\\n")
        return ", \"ek_roots\": [\"\(pem)\"]"
    }

    @Test(arguments: ["rsa", "ecc"], [0, 100])
    func acceptsTheTPMOfTheCertificate(_ algorithm: String, _ padding: Int) throws {
        let roots = try certify(algorithm, padding: padding)
        #expect(try machine.failure(.ekCertificate, machine.policy(roots, reports: false)) == nil)
        // With rules for reports there must be one, too, about this very key.
        #expect(try machine.failure(.ekCertificate, machine.policy(roots)) == nil)
        let debug = Reports { $0.policy = .init(rawValue: 0xB0000) }
        guard case .findings = try machine.failure(.ekCertificate, machine.policy(roots), debug) else {
            Issue.record("no rule was held against the report")
            return
        }
    }

    @Test func refusesTheWordOfAnotherAuthority() throws {
        _ = try certify("rsa")
        try machine.scratch.shell(
            authority.replacing("ca.", with: "other.") + " -subj /CN=Platform")
        let failure = try machine.failure(.ekCertificate, machine.policy(roots("other.pem"), reports: false))
        guard case .endorsementCertificate(.refused) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.exitCode == .attestationRefused)
    }

    @Test func refusesACertificateThatHasEndedOrWasRevoked() throws {
        let policy = try machine.policy(certify("ecc"), reports: false)
        guard case .endorsementCertificate(.refused(code: 10)) = try machine.failure(.ekCertificate, policy, days: 8500)
        else {
            Issue.record("X509_V_ERR_CERT_HAS_EXPIRED expected")
            return
        }
        #expect(try machine.failure(.ekCertificate, policy) == nil)
        try machine.scratch.shell(
            """
            mkdir certs
            printf 'R\\t490101000000Z\\t250101000000Z\\t07\\tunknown\\t/CN=x\\n' >index
            printf '[ca]\\ndefault_ca=a\\n[a]\\ndatabase=index\\ncrlnumber=number\\ndefault_md=sha256\\n' >list.conf
            echo 01 >number; : >index.attr
            openssl ca -config list.conf -gencrl -crldays 9000 -keyfile ca.key -cert ca.pem -out certs/list.pem 2>/dev/null
            """)
        guard case .endorsementCertificate(.refused(code: 23)) = try machine.failure(.ekCertificate, policy) else {
            Issue.record("X509_V_ERR_CERT_REVOKED expected")
            return
        }
    }

    @Test func refusesACertificateForAnotherTPM() throws {
        let policy = try machine.policy(certify("rsa"), reports: false)
        let other = try Machine()
        try other.tpm.get().write(machine.scratch.bytes("ek.der"), to: "ek.der")
        let count = try machine.scratch.bytes("ek.der").count
        try other.tpm.get().succeed(
            "tpm2_nvdefine", "-Q", "0x1c00002", "-C", "o", "-s", "\(count)", "-a", "ownerread|ownerwrite|authread")
        try other.tpm.get().succeed("tpm2_nvwrite", "-Q", "0x1c00002", "-C", "o", "-i", "ek.der")
        guard case .unproven = try other.failure(.ekCertificate, policy) else {
            Issue.record("took another TPM's certificate")
            return
        }
    }

    @Test func tellsThatThereIsNoCertificate() throws {
        try machine.scratch.shell(authority + " -subj /CN=Platform")
        let policy = try machine.policy(roots("ca.pem"), reports: false)
        #expect(try machine.failure(.ekCertificate, policy) == .noEndorsementCertificate)
    }
}
