/// Words while they are put together from pieces. A word exists only once something was appended to it, be it empty:
/// `$nothing` makes none, `"$nothing"` makes an empty one.
///
/// Source: GRUB 2.06, `script/argv.c`.
struct WordList {
    private(set) var words: [[UInt8]] = []
    /// How much was appended, each piece counted with one byte more.
    private(set) var cost = 0
    private var isOpen = false

    /// What follows belongs to another word.
    mutating func next() { isOpen = false }

    mutating func append(_ bytes: [UInt8]) {
        cost += bytes.count + 1
        if isOpen {
            words[words.count - 1] += bytes
        } else {
            words.append(bytes)
            isOpen = true
        }
    }

    /// Appends the parts of `value` between blanks and line ends as words of their own.
    mutating func appendSplit(_ value: [UInt8]) {
        for (index, part) in value.split(whereSeparator: \.isSpace).enumerated() {
            if index > 0 { next() }
            append(Array(part))
        }
    }
}

/// Backslashes before what would stand for file names.
enum Pattern {
    static func isSpecial(_ byte: UInt8) -> Bool { byte == 0x2A || byte == 0x3F }

    /// Quoted text stands for itself.
    static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { $0 == 0x5C || isSpecial($0) ? [0x5C, $0] : [$0] }
    }

    /// A variable's value keeps its stars, but not the meaning of its backslashes.
    static func escapedBackslashes(_ bytes: [UInt8]) -> [UInt8] {
        var escaped: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if byte == 0x5C {
                escaped.append(0x5C)
                if index + 1 < bytes.count, isSpecial(bytes[index + 1]) { escaped.append(0x5C) }
            }
            escaped.append(byte)
        }
        return escaped
    }

    static func unescaped(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        var isEscaped = false
        for byte in bytes {
            if byte == 0x5C, !isEscaped {
                isEscaped = true
            } else {
                plain.append(byte)
                isEscaped = false
            }
        }
        return plain
    }
}
