internal import BoundedBytes
internal import Cryptography
internal import Secrets

/// All that went over the way to the TPM in one boot: a command, its response, the next command, each with its own size
/// in its header.
struct BusRecording {
    let bytes: [UInt8]

    /// The first parameter of what TPM2_Unseal answered; nil where the TPM unsealed nothing.
    ///
    /// Source: TPM 2.0 Library, part 3, section 12.7; part 1, section 18 (the header of a response has its size at 2 and
    /// its code at 6; with sessions, the size of the parameters follows it).
    var unsealed: [UInt8]? {
        var (place, isAnswer) = (0, false)
        while place + 10 <= bytes.count {
            let size = Int(Self.number(bytes[place + 2..<place + 6]))
            let code = Self.number(bytes[place + 6..<place + 10])
            guard size >= 10, size <= bytes.count - place else { return nil }
            if isAnswer, code == 0, size > 16 {
                let count = Int(Self.number(bytes[place + 14..<place + 16]))
                return count <= size - 16 ? Array(bytes[place + 16..<place + 16 + count]) : nil
            }
            isAnswer = code == 0x15E
            place += size
        }
        return nil
    }

    /// Whether eight bytes in a row of `key` are in it.
    func holdsPart(of key: [UInt8]) -> Bool {
        guard key.count >= 8 else { return false }
        let parts = Set((0...key.count - 8).map { Array(key[$0..<$0 + 8]) })
        return bytes.count >= 8 && (0...bytes.count - 8).contains { parts.contains(Array(bytes[$0..<$0 + 8])) }
    }

    /// The passphrase that a secret opens its keyslot with. Source: architecture, section 4.1.
    static func passphrase(of secret: [UInt8]) -> [UInt8]? {
        let key = SecretBytes(count: secret.count) { for index in secret.indices { $0[index] = secret[index] } }
        do throws(CryptographyError) {
            let derived = try KeyDerivation.hkdfSHA256(key, info: "sealroot v1 keyslot passphrase", count: 32)
            return derived.bytes.indices.map { derived.bytes[$0] }
        } catch { return nil }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
