extension Lexer {
    /// Reads `$name`, `$1`, `$?`, `$#`, `$*`, `$@` or one of them in braces; nil, and nothing read, for a dollar sign
    /// before anything else.
    mutating func variable() throws(SyntaxError) -> [UInt8]? {
        let bytes = text.bytes
        let isBraced = offset + 1 < bytes.count && bytes[offset + 1] == 0x7B
        let start = offset + (isBraced ? 2 : 1)
        guard start < bytes.count else { return nil }
        var end = start
        if "?#*@".utf8.contains(bytes[start]) {
            end += 1
        } else if bytes[start].isDigit {
            while end < bytes.count, bytes[end].isDigit { end += 1 }
        } else if bytes[start].isNameStart {
            while end < bytes.count, bytes[end].isNamePart { end += 1 }
        }
        guard end > start else { return nil }
        if isBraced {
            guard end < bytes.count, bytes[end] == 0x7D else { return nil }
        }
        offset = end + (isBraced ? 1 : 0)
        return Array(bytes[start..<end])
    }
}
