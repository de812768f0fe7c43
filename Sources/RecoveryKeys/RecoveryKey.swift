public import Cryptography
public import Secrets

/// A 256-bit key in the form that people write down: 64 letters in 8 groups.
///
/// The letters are modhex, which looks alike on every keyboard layout: a nibble 0 to 15 is one of
/// `cbdefghijklnrtuv`, high nibble first. The passphrase of the key slot is the whole text, dashes
/// included. Source: systemd, src/shared/recovery-key.c; format as in systemd-cryptenroll(1).
public struct RecoveryKey: ~Copyable {
    /// The 71 ASCII bytes, lower case, with dashes.
    public let text: SecretBytes

    /// Length of the key and of its two spellings, in bytes.
    public static let keyBytes = 32
    public static let plainLength = 64
    public static let formattedLength = 71

    /// Makes a new key from random bytes.
    public static func generate() throws(CryptographyError) -> RecoveryKey {
        let random = try Random.secret(count: keyBytes)
        return RecoveryKey(encoding: random)
    }

    /// Spells `key`, of which the first 32 bytes count.
    init(encoding key: borrowing SecretBytes) {
        let bytes = key.bytes
        text = SecretBytes(count: Self.formattedLength) { output in
            for index in 0..<Self.plainLength where index / 2 < bytes.count {
                let byte = bytes[index / 2]
                output[index + index / 8] = Self.alphabet[Int(index % 2 == 0 ? byte >> 4 : byte & 15)]
            }
            for dash in 1..<8 { output[dash * 9 - 1] = Self.dash }
        }
    }

    /// Reads what a person typed: with all dashes or with none, in either case.
    public init(parsing typed: Span<UInt8>) throws(RecoveryKeyError) {
        let isPlain = typed.count == Self.plainLength
        guard isPlain || typed.count == Self.formattedLength else { throw .length(typed.count) }
        text = try SecretBytes(count: Self.formattedLength) {
            (output: inout MutableSpan<UInt8>) throws(RecoveryKeyError) in
            for index in 0..<Self.formattedLength {
                if index % 9 == 8 {
                    guard isPlain || typed[index] == Self.dash else { throw .dash(offset: index) }
                    output[index] = Self.dash
                } else {
                    let source = isPlain ? index - index / 9 : index
                    // Bit 5 alone tells the cases of an ASCII letter apart.
                    let letter = typed[source] | 0x20
                    guard typed[source] >= 0x41, Self.alphabet.contains(letter) else { throw .letter(offset: source) }
                    output[index] = letter
                }
            }
        }
    }

    private static let alphabet = Array("cbdefghijklnrtuv".utf8)
    private static let dash = UInt8(ascii: "-")
}

/// Why a typed text is not a recovery key. It names places, never letters.
public enum RecoveryKeyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Neither 64 nor 71 bytes.
    case length(Int)
    /// No dash where a group ends.
    case dash(offset: Int)
    /// None of the sixteen letters.
    case letter(offset: Int)

    public var description: String {
        switch self {
        case .length(let count): "recovery key: \(count) characters, expected 64 letters in 8 groups"
        case .dash(let offset): "recovery key: no dash at position \(offset + 1)"
        case .letter(let offset): "recovery key: not a letter of the key alphabet at position \(offset + 1)"
        }
    }
}
