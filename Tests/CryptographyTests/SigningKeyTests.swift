import BoundedBytes
import Cryptography
import Secrets
import TestSupport
import Testing

/// Against the openssl command, and a vector of RFC 6979.
@Suite struct SigningKeyTests {
    private func secret(_ bytes: [UInt8]) -> SecretBytes {
        SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } }
    }

    private func text(_ secret: borrowing SecretBytes) -> [UInt8] {
        var copy: [UInt8] = []
        for index in secret.bytes.indices { copy.append(secret.bytes[index]) }
        return copy
    }

    /// The key of RFC 6979, A.2.5: d - 1 as the seed gives d, since it is less than n - 1.
    @Test func derivesTheKeyThatTheScalarNames() throws {
        let less = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6720"
        let seed = try #require(Hexadecimal.decode(String(repeating: "0", count: 32) + less))
        let key = try SigningKey.derive(from: secret(seed))
        #expect(Hexadecimal.encode(key.x) == "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6")
        #expect(Hexadecimal.encode(key.y) == "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
    }

    /// The seed is reduced: n - 1 + 5 and 5 give the same key.
    @Test func reducesTheSeedByTheOrder() throws {
        let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632555"  // n + 4
        let large = try #require(Hexadecimal.decode(String(repeating: "0", count: 32) + order))
        let small = [UInt8](repeating: 0, count: 47) + [5]
        let first = try SigningKey.derive(from: secret(large))
        let second = try SigningKey.derive(from: secret(small))
        #expect(first.x == second.x && first.y == second.y)
    }

    @Test func opensslReadsTheKeyAndAcceptsTheSignature() throws {
        let folder = try Scratch()
        let key = try SigningKey.derive(from: secret((0..<48).map { UInt8($0) }))
        try folder.write(text(try key.pem()), to: "key.pem")
        try folder.write(Array("message".utf8), to: "message")
        try folder.shell(
            "openssl pkey -in key.pem -pubout -out public.pem && openssl dgst -sha256 -sign key.pem -out sig message")
        let theirs = try #require(EllipticSignature.decode(try folder.bytes("sig")))
        guard let publicKey = VerifyingKey(pem: try folder.bytes("public.pem")) else {
            Issue.record("not read")
            return
        }
        #expect(publicKey.x == key.x && publicKey.y == key.y)
        #expect(publicKey.isValid(theirs, for: Array("message".utf8)))
        let ours = try key.sign(Array("message".utf8))
        #expect(publicKey.isValid(ours, for: Array("message".utf8)))
        #expect(!publicKey.isValid(ours, for: Array("massage".utf8)))
        for index in ours.indices {
            var changed = ours
            changed[index] ^= 1
            #expect(!publicKey.isValid(changed, for: Array("message".utf8)))
            #expect(!publicKey.isValid(Array(ours[..<index]), for: Array("message".utf8)))
        }
        guard let again = SigningKey.parse(pem: secret(text(try key.pem()))) else {
            Issue.record("not read again")
            return
        }
        #expect(again.x == key.x)
    }

    @Test func refusesWhatIsNoKeyOfThisCurve() throws {
        let folder = try Scratch()
        try folder.shell(
            """
            openssl ecparam -name secp384r1 -genkey -noout -out other.pem
            openssl genrsa -out rsa.pem 2048 2>/dev/null
            openssl ecparam -name prime256v1 -genkey -noout | openssl ec -aes128 -passout pass:x -out locked.pem 2>/dev/null
            for k in other rsa; do openssl pkey -in $k.pem -pubout -out $k.pub; done
            """)
        for name in ["other.pem", "rsa.pem", "locked.pem"] {
            let bytes = try folder.bytes(name)
            let key = SigningKey.parse(pem: secret(bytes))
            let isRefused = key == nil
            #expect(isRefused, "\(name)")
        }
        for name in ["other.pub", "rsa.pub", "other.pem"] {
            let bytes = try folder.bytes(name)
            let key = VerifyingKey(pem: bytes)
            let isRefused = key == nil
            #expect(isRefused, "\(name)")
        }
        let ones = [UInt8](repeating: 1, count: 32)
        for (x, y) in [(ones, ones), ([], []), (ones + [1], ones)] {
            let key = VerifyingKey(x: x, y: y)
            let isRefused = key == nil
            #expect(isRefused)
        }
    }
}
