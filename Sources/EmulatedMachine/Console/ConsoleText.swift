internal import BoundedBytes

/// What a console showed, fit for a log: a guest's output must not move the cursor of whoever reads it.
enum ConsoleText {
    private static let longestLine = 200
    private static let mostLines = 20

    /// The last lines that have something in them, without the terminal's control sequences.
    static func lastLines(_ bytes: [UInt8]) -> String {
        var plain: [UInt8] = []
        var isEscaped = false
        var isSequence = false
        for byte in bytes {
            if isSequence {
                // ECMA-48, section 5.4: parameters, then a final byte of 0x40 to 0x7E.
                isSequence = !(0x40...0x7E).contains(byte)
            } else if isEscaped {
                isEscaped = false
                isSequence = byte == 0x5B
            } else if byte == 0x1B {
                isEscaped = true
            } else {
                plain.append(byte)
            }
        }
        let lines = plain.split { $0 == 0x0A || $0 == 0x0D }.filter { $0.contains { $0 != 0x20 } }
        return lines.suffix(mostLines).map { line in
            Printable.escape(String(decoding: line, as: UTF8.self), limit: longestLine, keepingBackslashes: true)
        }.joined(separator: "\n")
    }
}
