import BoundedBytes
import Cryptography
import Foundation
import SNPABI
import Secrets
import SecureProcessor
import TestSupport
import Testing

@testable import SNPEmulator

/// What guests of other clouds find in their TPM, read by tpm2-tools and judged by openssl and byte offsets.
@Suite struct CarrierTests {
    private let scratch: Scratch
    private let guest: EmulatedGuest
    private let svsm: SVSMModel
    /// 2026-01-01T00:00:00Z.
    private static let issued: Int64 = 1_767_225_600
    /// Made once, by another program.
    private static let authority = Result { try Command.run(["openssl", "genrsa", "4096"]).output }

    init() throws {
        scratch = try Scratch()
        guest = try EmulatedGuest()
        svsm = try guest.svsm(in: scratch.file("vtpm"))
    }

    private static func secret(_ bytes: [UInt8]) -> SecretBytes {
        SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } }
    }

    private func tools() throws -> TPMTools { try TPMTools(transport: svsm.tpm, folder: scratch.path) }

    /// Offsets as in the sample of a real machine, shared/data/snp/azure-hcl.
    @Test func leavesAReportAboutTheAttestationKeyLikeAzure() throws {
        try svsm.provideAzureReport()
        let tools = try tools()
        let blob = try tools.run("tpm2_nvread", "-C", "o", "0x1400001").output
        #expect(Array(blob.prefix(4)) == Array("HCLA".utf8))
        let size = blob[8..<12].reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(size == blob.count)
        #expect(blob[0x0C..<0x10] == [2, 0, 0, 0])
        // Report of VMPL 0; then sizes, version 1, SNP, SHA-256.
        #expect(blob[0x50..<0x54] == [0, 0, 0, 0])
        #expect(blob[0x4C4..<0x4D0] == [1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0])
        let data = Array(blob[0x4D4...])
        try scratch.write(data, to: "data")
        #expect(Hexadecimal.encode(blob[0x70..<0x90]) == String(try scratch.shell("sha256sum data").prefix(64)))
        #expect(blob[0x90..<0xB0].allSatisfy { $0 == 0 })

        let json = try #require(try JSONSerialization.jsonObject(with: Data(data)) as? [String: Any])
        let key = try #require((json["keys"] as? [[String: Any]])?.first)
        #expect(key["kid"] as? String == "HCLAkPub" && key["kty"] as? String == "RSA" && key["e"] as? String == "AQAB")
        var text = try #require(key["n"] as? String)
        text = text.replacing("-", with: "+").replacing("_", with: "/") + "=="
        let modulus = try #require(Data(base64Encoded: text))
        try tools.run("tpm2_readpublic", "-c", "0x81000003", "-f", "pem", "-o", "ak.pem")
        let shown = try scratch.shell("openssl rsa -pubin -in ak.pem -noout -modulus")
        #expect(shown == "Modulus=" + Hexadecimal.encode(Array(modulus)).uppercased())
        // It signs what the TPM says of itself, and nothing else.
        try tools.run(
            "tpm2_quote", "-c", "0x81000003", "-l", "sha256:0", "-m", "quote", "-s", "signature", "-g", "sha256")
        try tools.run("tpm2_checkquote", "-u", "ak.pem", "-m", "quote", "-s", "signature", "-g", "sha256")
    }

    @Test func keepsItsAttestationKeyAndRenewsTheReport() throws {
        try svsm.provideAzureReport()
        let first = try tools().run("tpm2_nvread", "-C", "o", "0x1400001").output
        svsm.close()
        let next = try EmulatedGuest().svsm(in: scratch.file("vtpm"))
        try next.provideAzureReport()
        let tools = try TPMTools(transport: next.tpm, folder: scratch.path)
        let second = try tools.run("tpm2_nvread", "-C", "o", "0x1400001").output
        #expect(first[0x4D4...] == second[0x4D4...])
        // REPORT_ID of another guest.
        #expect(first[0x160..<0x180] != second[0x160..<0x180])
    }

    @Test func leavesACertificateThatOpenSSLVerifies() throws {
        let pem = try Self.authority.get()
        guard let key = RSASigningKey.parse(pem: Self.secret(pem)) else {
            throw CommandFailure(description: "openssl's key is not read")
        }
        let authority = PlatformAuthority(key)
        try svsm.provideEndorsementCertificate(by: authority, now: Self.issued)
        try scratch.write(try authority.certificate(issued: Self.issued), to: "ca.der")
        let tools = try tools()
        try tools.run("tpm2_nvread", "-C", "o", "-o", "ek.der", "0x1c00002")
        let verified = try scratch.shell(
            """
            openssl x509 -in ca.der -out ca.pem
            openssl x509 -in ek.der -out ek.pem
            openssl verify -x509_strict -attime \(Self.issued + 1) -CAfile ca.pem ek.pem
            """)
        #expect(verified == "ek.pem: OK")
        try tools.run("tpm2_createek", "-c", "ek.ctx", "-G", "rsa", "-u", "made.pem", "-f", "pem")
        #expect(try scratch.shell("openssl x509 -in ek.pem -noout -pubkey | cmp - made.pem && echo same") == "same")
        let shown = try scratch.shell("openssl x509 -in ek.pem -noout -text")
        for text in ["2.23.133.8.1", "Key Encipherment", "CA:FALSE", "2.23.133.2.1=id:00001014"] {
            #expect(shown.contains(text), "\(text)")
        }
        // The next start leaves it as it is.
        try svsm.provideEndorsementCertificate(by: authority, now: Self.issued + 86400)
        try tools.run("tpm2_nvread", "-C", "o", "-o", "again.der", "0x1c00002")
        #expect(try scratch.bytes("ek.der") == scratch.bytes("again.der"))
    }

    /// The owner of the TPM can neither write nor remove what the platform left, and the platform's password is not the
    /// empty one any more; before, it was.
    @Test func keepsTheGuestFromThePlatformsIndices() throws {
        try svsm.provideAzureReport()
        try svsm.closePlatformHierarchy()
        let tools = try tools()
        try scratch.write([1], to: "byte")
        for hierarchy in ["o", "p"] {
            #expect(try tools.attempt(["tpm2_nvwrite", "-C", hierarchy, "-i", "byte", "0x1400001"]).status != 0)
            #expect(try tools.attempt(["tpm2_nvundefine", "-C", hierarchy, "0x1400001"]).status != 0)
        }
        #expect(try tools.attempt(["tpm2_clear", "-c", "p"]).status != 0)
        try tools.run("tpm2_nvread", "-C", "o", "0x1400001")
        svsm.close()
        let open = try EmulatedGuest().svsm(in: scratch.file("vtpm"))
        try TPMTools(transport: open.tpm, folder: scratch.path).run("tpm2_nvundefine", "-C", "p", "0x1400001")
    }
}
