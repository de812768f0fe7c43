import BoundedBytes
import Cryptography
import JSON
import Secrets
import TestSupport
import Testing

/// Against an independent AES-GCM, Python's hmac, a vector of RFC 6979 and the openssl command.
@Suite struct EmulatorPrimitiveTests {
    private func secret(_ bytes: [UInt8]) -> SecretBytes {
        SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } }
    }

    private func copy(_ secret: borrowing SecretBytes) -> [UInt8] {
        var copy: [UInt8] = []
        for index in secret.bytes.indices { copy.append(secret.bytes[index]) }
        return copy
    }

    private func bytes(_ vector: JSONValue, _ name: String) throws -> [UInt8] {
        let text = try #require(vector[name]?.string)
        return try #require(Hexadecimal.decode(text))
    }

    @Test(.enabled(if: SharedData.isPresent)) func sealsAndOpensGuestMessagesOfAnotherImplementation() throws {
        let vectors = try JSONValue(parsing: try SharedData.bytes("generated/snp_guest_messages.json"))
        var count = 0
        for vector in try #require(vectors.array) {
            let key = secret(try bytes(vector, "vmpck_hex"))
            let (plain, message) = (try bytes(vector, "plaintext_hex"), try bytes(vector, "message_hex"))
            let (tag, expected) = (Array(message[..<16]), Array(message[0x60...]))
            let (vectorBytes, associated) = (Array(message[0x20..<0x28]) + [0, 0, 0, 0], Array(message[0x30..<0x60]))
            let sealed = try AuthenticatedCipher.seal(plain, associated: associated, vector: vectorBytes, key: key)
            #expect(sealed.encrypted == expected && sealed.tag == tag)
            let opened = try AuthenticatedCipher.open(
                expected, tag: tag, associated: associated, vector: vectorBytes, key: key)
            #expect(opened == plain)
            count += 1
        }
        #expect(count == 6)
    }

    @Test func opensNothingThatOneBitWasChangedIn() throws {
        let key = secret([UInt8](repeating: 7, count: 32))
        let (associated, vector) = ([UInt8](1...5), [UInt8](repeating: 1, count: 12))
        let sealed = try AuthenticatedCipher.seal([1, 2, 3], associated: associated, vector: vector, key: key)
        func opens(_ encrypted: [UInt8], _ tag: [UInt8], _ associated: [UInt8], _ vector: [UInt8]) throws -> Bool {
            try AuthenticatedCipher.open(encrypted, tag: tag, associated: associated, vector: vector, key: key) != nil
        }
        #expect(try opens(sealed.encrypted, sealed.tag, associated, vector))
        for bit in 0..<8 {
            let flip = { (bytes: [UInt8], index: Int) in
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                return changed
            }
            for index in 0..<3 { #expect(try !opens(flip(sealed.encrypted, index), sealed.tag, associated, vector)) }
            for index in 0..<16 { #expect(try !opens(sealed.encrypted, flip(sealed.tag, index), associated, vector)) }
            for index in 0..<5 { #expect(try !opens(sealed.encrypted, sealed.tag, flip(associated, index), vector)) }
            for index in 0..<12 { #expect(try !opens(sealed.encrypted, sealed.tag, associated, flip(vector, index))) }
        }
        #expect(try !opens(sealed.encrypted, Array(sealed.tag.dropLast()), associated, vector))
        #expect(throws: CryptographyError.self) { try opens(sealed.encrypted, sealed.tag, associated, [1]) }
        let short = secret([1])
        #expect(throws: CryptographyError.self) {
            _ = try AuthenticatedCipher.seal([1], associated: [], vector: vector, key: short)
        }
    }

    /// HKDF of RFC 5869, spelled out with Python's hmac.
    @Test func derivesAsHKDFWithSHA384() throws {
        let script = """
            import hmac
            prk = hmac.digest(bytes(48), bytes(range(64)), 'sha384')
            t = out = b''
            for i in (1, 2):
                t = hmac.digest(prk, t + b'label' + bytes([i]), 'sha384')
                out += t
            print(out[:70].hex())
            """
        let expected = try Command.run(["python3", "-c", script]).text
        let derived = try KeyDerivation.hkdfSHA384(secret((0..<64).map { $0 }), info: Array("label".utf8), count: 70)
        #expect(Hexadecimal.encode(copy(derived)) == expected)
    }

    /// The key of RFC 6979, A.2.6: d - 1 as the seed gives d, since it is less than n - 1.
    @Test func derivesTheP384KeyThatTheScalarNames() throws {
        let less =
            "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf4"
        let seed = try #require(Hexadecimal.decode(String(repeating: "0", count: 32) + less))
        let key = try P384SigningKey.derive(from: secret(seed))
        #expect(
            Hexadecimal.encode(key.x)
                == "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13")
        #expect(
            Hexadecimal.encode(key.y)
                == "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720")
    }

    @Test func signsWithP384AndChecksIt() throws {
        let key = try P384SigningKey.derive(from: secret((0..<64).map { $0 }))
        let message = Array("message".utf8)
        let (r, s) = try key.sign(message)
        #expect(P384Signature.isValid(r: r, s: s, for: message, x: key.x, y: key.y))
        for index in 0..<48 {
            let changed = { (bytes: [UInt8]) in bytes.enumerated().map { $0 == index ? $1 ^ 1 : $1 } }
            #expect(!P384Signature.isValid(r: changed(r), s: s, for: message, x: key.x, y: key.y))
            #expect(!P384Signature.isValid(r: r, s: changed(s), for: message, x: key.x, y: key.y))
            // No such point lies on the curve.
            #expect(!P384Signature.isValid(r: r, s: s, for: message, x: changed(key.x), y: key.y))
        }
        #expect(!P384Signature.isValid(r: r, s: s, for: message + [0], x: key.x, y: key.y))
        #expect(!P384Signature.isValid(r: [0] + r, s: s, for: message, x: key.x, y: key.y))
        let zero = [UInt8](repeating: 0, count: 48)
        #expect(!P384Signature.isValid(r: zero, s: zero, for: message, x: key.x, y: key.y))
        let short = secret([UInt8](repeating: 1, count: 48))
        #expect(throws: CryptographyError.self) { _ = try P384SigningKey.derive(from: short) }
    }

    @Test func opensslAcceptsThePSSSignatureAndReadsTheKey() throws {
        let folder = try Scratch()
        let key = try RSASigningKey.generate()
        try folder.write(copy(try key.pem()), to: "key.pem")
        try folder.write(Array("message".utf8), to: "message")
        try folder.write(try key.signPSS(Array("message".utf8)), to: "signature")
        try folder.shell(
            """
            openssl pkey -in key.pem -pubout -out public.pem
            openssl dgst -sha384 -verify public.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 \
                -sigopt rsa_mgf1_md:sha384 -signature signature message
            """)
        let modulus = try folder.shell("openssl rsa -in key.pem -noout -modulus").dropFirst("Modulus=".count)
        #expect(Hexadecimal.encode(key.modulus) == modulus.lowercased())
        guard let again = RSASigningKey.parse(pem: secret(copy(try key.pem()))) else {
            Issue.record("not read again")
            return
        }
        #expect(again.modulus == key.modulus)
        try folder.shell(
            "openssl genrsa -out small.pem 2048; openssl ecparam -name secp384r1 -genkey -noout -out other.pem")
        for name in ["small.pem", "other.pem", "public.pem", "message"] {
            let isRefused = RSASigningKey.parse(pem: secret(try folder.bytes(name))) == nil
            #expect(isRefused, "\(name)")
        }
    }
}
