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
        guard isPlain || typed.count == Self.formattedLength else { throw Self.shapeError(of: typed) }
        text = try SecretBytes(count: Self.formattedLength) {
            (output: inout MutableSpan<UInt8>) throws(RecoveryKeyError) in
            for index in 0..<Self.formattedLength {
                let group = index / 9 + 1
                if index % 9 == 8 {
                    guard isPlain || typed[index] == Self.dash else { throw .dash(group: group) }
                    output[index] = Self.dash
                } else {
                    let source = isPlain ? index - index / 9 : index
                    // Bit 5 alone tells the cases of an ASCII letter apart.
                    let letter = typed[source] | 0x20
                    guard typed[source] >= 0x41, Self.alphabet.contains(letter) else {
                        throw .letter(group: group, position: index % 9 + 1)
                    }
                    output[index] = letter
                }
            }
        }
    }

    /// The passphrase that `typed` stands for: the text of a recovery key, where it is one in any of its spellings and
    /// with or without a line end, and else `typed` itself.
    public static func passphrase(for typed: consuming SecretBytes) -> SecretBytes {
        do throws(RecoveryKeyError) {
            let key = try RecoveryKey(parsing: typed.bytes.withoutLineEnd)
            return SecretBytes(count: formattedLength) { copy in
                for index in 0..<formattedLength { copy[index] = key.text.bytes[index] }
            }
        } catch { return typed }
    }

    /// What is wrong with a text of another length than a key's: the first group that is too short or too long, where
    /// dashes tell the groups apart.
    private static func shapeError(of typed: Span<UInt8>) -> RecoveryKeyError {
        var counts = [0]
        for index in typed.indices {
            if typed[index] == dash { counts.append(0) } else { counts[counts.count - 1] += 1 }
            guard counts.count <= 8 else { break }
        }
        let wrong = counts.firstIndex { $0 != 8 }
        guard counts.count == 8, let wrong else { return .length(typed.count) }
        return .groupLength(group: wrong + 1, counts[wrong])
    }

    private static let alphabet = Array("cbdefghijklnrtuv".utf8)
    private static let dash = UInt8(ascii: "-")
}

extension Span<UInt8> {
    /// The same without one line feed, or carriage return and line feed, at its end.
    public var withoutLineEnd: Span<UInt8> {
        @_lifetime(copy self)
        get {
            guard count > 0, self[count - 1] == 0x0A else { return self }
            return extracting(first: count > 1 && self[count - 2] == 0x0D ? count - 2 : count - 1)
        }
    }
}

/// Why a typed text is not a recovery key. It names places, never letters; groups and their letters count from 1.
public enum RecoveryKeyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// So many bytes, neither 64 nor 71, and not in 8 groups.
    case length(Int)
    /// 8 groups, but this one has so many letters.
    case groupLength(group: Int, Int)
    /// No dash behind this group.
    case dash(group: Int)
    /// None of the sixteen letters.
    case letter(group: Int, position: Int)

    public var description: String {
        switch self {
        case .length(let count):
            "recovery key: " + String(count) + " characters, expected 8 groups of 8 letters with dashes between"
        case .groupLength(let group, let count):
            "recovery key: group " + String(group) + " has " + String(count) + " letters, expected 8"
        case .dash(let group): "recovery key: no dash behind group " + String(group)
        case .letter(let group, let position):
            "recovery key: group " + String(group) + ", character " + String(position)
                + ": not a letter of the key alphabet"
        }
    }
}
