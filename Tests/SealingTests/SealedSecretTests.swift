import BoundedBytes
import Cryptography
import SealedFormat
import Sealing
import Secrets
import TestSupport
import Testing

/// What is derived from a secret, against the openssl command.
@Suite struct SealedSecretTests {
    private static let bytes = (0..<32).map { UInt8($0) }
    private static let factor = (0..<32).map { UInt8(0xE0 + $0 % 32) }

    private func secret(_ bytes: [UInt8]) -> SecretBytes {
        SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } }
    }

    private func hex(_ secret: borrowing SecretBytes) -> String {
        var copy: [UInt8] = []
        for index in secret.bytes.indices { copy.append(secret.bytes[index]) }
        return Hexadecimal.encode(copy)
    }

    /// HKDF-SHA-256 without salt, by openssl.
    private func hkdf(_ key: [UInt8], _ info: String, _ count: Int = 32) throws -> String {
        let result = try Command.run([
            "openssl", "kdf", "-keylen", "\(count)", "-kdfopt", "digest:SHA256", "-kdfopt",
            "hexkey:" + Hexadecimal.encode(key), "-kdfopt", "info:" + info, "HKDF",
        ])
        return result.text.filter(\.isHexDigit).lowercased()
    }

    @Test func derivesTheKeyslotPassphraseAsHKDFDoes() throws {
        let sealed = try SealedSecret(secret(Self.bytes))
        let passphrase = try sealed.keyslotPassphrase()
        let derived = hex(passphrase)
        #expect(try derived == hkdf(Self.bytes, "sealroot v1 keyslot passphrase"))
    }

    /// The local authority's scalar is (seed mod (n - 1)) + 1; its point, by openssl from that scalar, is compared.
    @Test func derivesTheAuthorityFromTheSecret() throws {
        let seed = try hkdf(Self.bytes, "sealroot v1 policy authority", 48)
        let script = """
            n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
            d = int("\(seed)", 16) % (n - 1) + 1
            print("30310201010420%064xa00a06082a8648ce3d030107" % d)
            """
        let folder = try Scratch()
        try folder.write(Array(script.utf8), to: "scalar.py")
        let point = try folder.shell(
            "python3 scalar.py | xxd -r -p | openssl ec -inform DER -pubout -outform DER 2>/dev/null | tail -c 64 | xxd -p -c 64"
        )
        let sealed = try SealedSecret(secret(Self.bytes))
        let key = try sealed.authorityKey()
        #expect(Hexadecimal.encode(key.x + key.y) == point.filter(\.isHexDigit))
    }

    /// A machine's secure processor, as far as this module knows it.
    private struct Processor: SecondFactorProvider {
        let bytes: [UInt8]

        func key(_ selection: DerivedKeySelection) throws(SealingError) -> SecretBytes {
            guard selection.fields == [.measurement] else { throw .factorUnavailable("other fields") }
            return SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } }
        }
    }

    private static let selection = DerivedKeySelection(
        rootKey: .chip, fields: [.measurement], vmpl: 0, guestSVN: 0, tcbVersion: 0)

    @Test func combinesTheSecretWithTheSecondFactor() throws {
        let combined = try SealedSecret(secret(Self.bytes)).combined(
            with: Self.selection, from: Processor(bytes: Self.factor))
        let root = try hkdf(Self.bytes + Self.factor, "sealroot v1 second factor")
        let passphrase = try combined.keyslotPassphrase()
        let derived = hex(passphrase)
        let rootBytes = try #require(Hexadecimal.decode(root))
        #expect(try derived == hkdf(rootBytes, "sealroot v1 keyslot passphrase"))
    }

    @Test func withoutSelectionTheProviderIsNotAsked() throws {
        let sealed = try SealedSecret(secret(Self.bytes)).combined(with: nil, from: NoSecondFactor())
        let passphrase = try sealed.keyslotPassphrase()
        let derived = hex(passphrase)
        #expect(try derived == hkdf(Self.bytes, "sealroot v1 keyslot passphrase"))
    }

    @Test func aFactorThatCannotBeHadEndsIt() throws {
        #expect(throws: SealingError.factorUnavailable("there is no provider for it")) {
            _ = try SealedSecret(secret(Self.bytes)).combined(with: Self.selection, from: NoSecondFactor())
        }
        #expect(throws: SealingError.factorLength(31)) {
            _ = try SealedSecret(secret(Self.bytes)).combined(
                with: Self.selection, from: Processor(bytes: Array(Self.factor.dropLast())))
        }
    }

    @Test func namesTheVolumeByItsKeyAlone() throws {
        let key = (0..<64).map { UInt8($0) }
        let result = try Command.run(
            [
                "sh", "-c",
                "printf 'sealroot v1 volume name' | openssl dgst -sha256 -mac HMAC -macopt hexkey:\(Hexadecimal.encode(key))",
            ])
        let expected = try #require(result.text.split(separator: " ").last).filter(\.isHexDigit)
        #expect(try Hexadecimal.encode(VolumeName.of(secret(key))) == expected)
    }
}
