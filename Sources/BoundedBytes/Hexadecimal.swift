/// Hexadecimal text, two digits a byte.
public enum Hexadecimal {
    /// Lower-case digits, without prefix.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String { encode(Array(bytes)[...]) }

    /// As before. Not generic, since a generic function of another module runs unspecialised, some ten times slower.
    public static func encode(_ bytes: ArraySlice<UInt8>) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            digits.append(digit(byte >> 4))
            digits.append(digit(byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The bytes that `text` spells, or nil where it is not an even number of digits.
    public static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// `0x` and `value` in lower-case digits without leading zeros, as TPM handles are written.
    public static func prefixed(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }

    /// The 32-bit number that `text` spells as `0x…`, or nil.
    public static func parsePrefixed(_ text: String) -> UInt32? {
        let digits = Array(text.utf8)
        guard digits.count > 2, digits.count <= 10, digits[0] == 0x30, digits[1] == 0x78 else { return nil }
        var number: UInt32 = 0
        for character in digits[2...] {
            guard let value = value(character) else { return nil }
            number = number << 4 | UInt32(value)
        }
        return number
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x61 + value - 10 }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x61...0x66: character - 0x61 + 10
        case 0x41...0x46: character - 0x41 + 10
        default: nil
        }
    }
}
