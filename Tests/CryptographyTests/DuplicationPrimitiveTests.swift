import BoundedBytes
import Cryptography
import Secrets
import TestSupport
import Testing

/// What a TPM's duplication objects are made of.
@Suite struct DuplicationPrimitiveTests {
    private func secret(_ bytes: [UInt8]) -> SecretBytes {
        SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } }
    }

    private func bytes(_ secret: borrowing SecretBytes) -> [UInt8] {
        var copy: [UInt8] = []
        for index in secret.bytes.indices { copy.append(secret.bytes[index]) }
        return copy
    }

    /// Source: go-tpm, legacy/tpm2/test/kdf_test.go, TestKDFa.
    @Test func derivesWhatTheReferenceDoesByKDFa() throws {
        let short = try KeyDerivation.kdfA(
            secret(Array("yolo\0".utf8)), label: "IDENTITY", context: Array("kek\0yoyo\0".utf8), count: 16)
        #expect(Hexadecimal.encode(bytes(short)) == "d2d72cc7a8a5eb09e8c79012e2da9f22")
        let long = try KeyDerivation.kdfA(
            secret(Array("ca\0".utf8)), label: "IDENTITY", context: Array("abc\0".utf8), count: 128)
        #expect(
            Hexadecimal.encode(bytes(long))
                == "1aae7151ac1a5690eda7dcabd56800c11c56a3810ba059826fe4776348d6ae8e5d5d18c7ccf8373f7b942ada8b912b12"
                + "da56fb37f64b935872841ec07d38e1fb8e7ec86efcbfb444756bc8863f858d2690a621c9afb983cd77e7a1048ae1a759"
                + "8ac895323d44c10227af0a00144cab55111075dc6b72ad6eb163c7458b878e8c")
    }

    /// Source: the same, TestKDFe, NIST-P256-SHA256, which a run of ms-tpm-20-ref gave.
    @Test func derivesWhatTheReferenceDoesByKDFe() throws {
        let z = "69fd74d052a5cd9d6addf4ea791f4737eb297246dce604f6385c1392e0fb56b9"
        let u = "c29f8cff1ce054ed5945abd393ee2eed3f67437d9db07b932156c65d32921373"
        let v = "107937dc44e5bb5094d3d30a55efac77b6db3253ba42dabc804446b93864e055"
        let derived = try KeyDerivation.kdfE(
            secret(#require(Hexadecimal.decode(z))), label: "DUPLICATE", partyU: #require(Hexadecimal.decode(u)),
            partyV: #require(Hexadecimal.decode(v)), count: 32)
        #expect(
            Hexadecimal.encode(bytes(derived)) == "b15267e3f960f8f8f3b94ff3fc64119f6876974f984f82d50bd54abc7a6406e8")
    }

    /// Source: NIST CAVP, CFB128VarKey128 and CFB128VarKey256, count 0; several blocks are tested by TPMs that import.
    @Test(arguments: [
        (16, "0edd33d3c621e546455bd8ba1418bec8"), (32, "e35a6dcb19b201a01ebcfa8aa22b5759"),
    ])
    func encryptsTheBlockOfTheValidationProgram(_ keyBytes: Int, _ expected: String) throws {
        let key = secret([0x80] + [UInt8](repeating: 0, count: keyBytes - 1))
        let encrypted = try BlockCipher.encryptCFB(secret([UInt8](repeating: 0, count: 16)), key: key)
        #expect(Hexadecimal.encode(encrypted) == expected)
    }

    @Test func refusesAKeyThatAESDoesNotHave() {
        #expect(throws: CryptographyError.self) {
            try BlockCipher.encryptCFB(secret([1, 2, 3]), key: secret([UInt8](repeating: 0, count: 24)))
        }
    }

    @Test func agreesWithTheOpensslCommand() throws {
        let folder = try Scratch()
        try folder.shell(
            "openssl ecparam -name prime256v1 -genkey -noout -out key.pem; openssl pkey -in key.pem -pubout -out key.pub"
        )
        let receiver = try #require(VerifyingKey(pem: try folder.bytes("key.pub")))
        let agreement = try EphemeralAgreement.make(with: receiver)
        // SubjectPublicKeyInfo of a point on P-256: RFC 5480.
        let front = try #require(Hexadecimal.decode("3059301306072a8648ce3d020106082a8648ce3d030107034200" + "04"))
        try folder.write(front + agreement.x + agreement.y, to: "peer.der")
        try folder.shell("openssl pkeyutl -derive -inkey key.pem -peerkey peer.der -peerform DER -out shared")
        let shared = bytes(agreement.sharedX)
        #expect(try shared == folder.bytes("shared"))
        let other = try EphemeralAgreement.make(with: receiver)
        #expect(other.x != agreement.x)
    }

    @Test func theOpensslCommandDecryptsOAEPWithItsLabel() throws {
        let folder = try Scratch()
        try folder.shell("openssl genrsa -out key.pem 2048 2>/dev/null; openssl pkey -in key.pem -pubout -out key.pub")
        let key = try #require(RSAEncryptionKey(pem: try folder.bytes("key.pub")))
        let message = (0..<32).map { UInt8($0) }
        try folder.write(key.encryptOAEP(secret(message), label: Array("DUPLICATE\0".utf8)), to: "sealed")
        func decrypt(_ label: String) -> String {
            "openssl pkeyutl -decrypt -inkey key.pem -in sealed -out opened -pkeyopt rsa_padding_mode:oaep "
                + "-pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 -pkeyopt rsa_oaep_label:" + label
        }
        try folder.shell(decrypt("4455504c494341544500"))
        #expect(try folder.bytes("opened") == message)
        #expect(throws: CommandFailure.self) { try folder.shell(decrypt("4455504c4943415445")) }
    }
}
