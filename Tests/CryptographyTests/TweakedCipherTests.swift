import BoundedBytes
import Cryptography
import Secrets
import Testing

@Suite struct TweakedCipherTests {
    private func cipher(_ key: String) throws -> TweakedCipher {
        let bytes = try #require(Hexadecimal.decode(key))
        return try TweakedCipher.create(
            key: SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } })
    }

    private func encrypt(_ cipher: borrowing TweakedCipher, _ bytes: [UInt8], _ unit: UInt64) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: bytes.count)
        var span = output.mutableSpan
        try cipher.encrypt(bytes.span, into: &span, unit: unit)
        return output
    }

    private func decrypt(_ cipher: borrowing TweakedCipher, _ bytes: [UInt8], _ unit: UInt64) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: bytes.count)
        var span = output.mutableSpan
        try cipher.decrypt(bytes.span, into: &span, unit: unit)
        return output
    }

    private let counting = (0..<512).map { UInt8(truncatingIfNeeded: $0) }

    /// Source: IEEE 1619-2007, annex B, vectors 2, 3 and the first 64 bytes of 4; the same are in OpenSSL's
    /// test/recipes/30-test_evp_data/evpciph_aes_common.txt.
    @Test(arguments: [
        (
            "1111111111111111111111111111111122222222222222222222222222222222", 0x33_3333_3333 as UInt64,
            [UInt8](repeating: 0x44, count: 32), "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0"
        ),
        (
            "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f022222222222222222222222222222222", 0x33_3333_3333,
            [UInt8](repeating: 0x44, count: 32), "af85336b597afc1a900b2eb21ec949d292df4c047e0b21532186a5971a227a89"
        ),
        (
            "2718281828459045235360287471352631415926535897932384626433832795", 0, (0..<64).map { UInt8($0) },
            "27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c"
                + "c78cf7f5e543445f8333d8fa7f56000005279fa5d8b5e4ad40e736ddb4d35412"
        ),
    ])
    func encryptsTheVectorsOfTheStandard(_ key: String, _ unit: UInt64, _ plain: [UInt8], _ expected: String) throws {
        let cipher = try cipher(key)
        let encrypted = try encrypt(cipher, plain, unit)
        #expect(Hexadecimal.encode(encrypted) == expected)
        let decrypted = try decrypt(cipher, encrypted, unit)
        #expect(decrypted == plain)
    }

    /// Source: IEEE 1619-2007, annex B, vector 15, whose number is no palindrome. Its 17th byte, ED, is the first one
    /// of what its first 16 bytes encrypt to: ciphertext stealing moves it there.
    @Test func takesTheNumberLeastSignificantByteFirst() throws {
        let cipher = try cipher("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0")
        let encrypted = try encrypt(cipher, Array(counting[..<16]), 0x12_3456_789A)
        #expect(encrypted[0] == 0xED)
    }

    @Test func oneChangedBlockGarblesThatBlockAlone() throws {
        let cipher = try cipher("2718281828459045235360287471352631415926535897932384626433832795")
        var encrypted = try encrypt(cipher, counting, 7)
        encrypted[100] ^= 1
        let decrypted = try decrypt(cipher, encrypted, 7)
        let changed = counting.indices.filter { decrypted[$0] != counting[$0] }
        #expect(changed.allSatisfy { (96..<112).contains($0) })
        #expect(changed.count > 8)
    }

    @Test func theSameBytesDifferUnderEveryNumber() throws {
        let cipher = try cipher("2718281828459045235360287471352631415926535897932384626433832795")
        var seen = Set<[UInt8]>()
        for unit in [0, 1, 0x1000, 1 << 32, .max] as [UInt64] {
            let encrypted = try encrypt(cipher, [UInt8](repeating: 0, count: 4096), unit)
            for start in stride(from: 0, to: 4096, by: 16) { seen.insert(Array(encrypted[start..<start + 16])) }
        }
        #expect(seen.count == 5 * 256)
    }

    @Test func refusesBadKeysAndUnits() throws {
        for key in ["", "00", String(repeating: "11", count: 32), String(repeating: "12", count: 64)] {
            let failure = #expect(throws: CryptographyError.self) { _ = try cipher(key) }
            #expect(failure?.call == .tweakedCipher)
        }
        let sound = try cipher("2718281828459045235360287471352631415926535897932384626433832795")
        for count in [0, 1, 15, 17] {
            let failure = #expect(throws: CryptographyError.self) {
                _ = try encrypt(sound, [UInt8](repeating: 0, count: count), 0)
            }
            #expect(failure?.call == .tweakedCipher)
        }
        var small = [UInt8](repeating: 0, count: 16)
        var span = small.mutableSpan
        #expect(throws: CryptographyError.self) { try sound.decrypt(counting.span, into: &span, unit: 0) }
    }
}
