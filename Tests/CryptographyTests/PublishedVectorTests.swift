import BoundedBytes
import Cryptography
import Secrets
import Testing

private func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } }
}

private func hex(_ secret: borrowing SecretBytes) -> String {
    var copy: [UInt8] = []
    for index in secret.bytes.indices { copy.append(secret.bytes[index]) }
    return Hexadecimal.encode(copy)
}

@Suite struct PublishedVectorTests {
    /// Source: RFC 5869, appendix A.3 (no salt, no info).
    @Test func derivesTheOutputOfTheHKDFDocument() throws {
        let input = secret([UInt8](repeating: 0x0B, count: 22))
        let output = try KeyDerivation.hkdfSHA256(input, info: "", count: 42)
        let derived = hex(output)
        #expect(derived == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
    }

    /// Source: RFC 4231, section 4.2.
    @Test func computesTheCodeOfTheHMACDocument() throws {
        let key = secret([UInt8](repeating: 0x0B, count: 20))
        let code = try MessageAuthentication.hmacSHA256(Array("Hi There".utf8), key: key)
        #expect(
            Hexadecimal.encode(code) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    }

    /// Source: FIPS 180-4 examples, the message "abc".
    @Test(arguments: [
        (DigestAlgorithm.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            .sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        ),
    ])
    func hashesTheMessageOfTheStandard(_ algorithm: DigestAlgorithm, _ expected: String) throws {
        #expect(Hexadecimal.encode(try algorithm.hash(Array("abc".utf8))) == expected)
    }

    @Test func comparesWholeCodes() {
        #expect(MessageAuthentication.areEqual([1, 2, 3], [1, 2, 3]))
        #expect(!MessageAuthentication.areEqual([1, 2, 3], [1, 2, 4]))
        #expect(!MessageAuthentication.areEqual([1, 2, 3], [1, 2]))
    }
}
