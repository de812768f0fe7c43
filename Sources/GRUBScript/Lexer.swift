/// Splits a script into tokens.
///
/// Source: GRUB 2.06, `script/yylex.l`. Reserved words are words here; the parser knows where they matter.
struct Lexer {
    struct Token {
        enum Kind {
            case newline, semicolon, leftBrace, rightBrace, end
            case word(Word)
            /// What no statement can hold: `||`, `[[` and their like.
            case symbol
        }
        let kind: Kind
        let range: Range<Int>
    }

    let text: ScriptText
    var offset = 0

    init(_ text: ScriptText) { self.text = text }

    private var bytes: [UInt8] { text.bytes }
    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func next() throws(SyntaxError) -> Token {
        while let byte = current, byte == 0x20 || byte == 0x09 { offset += 1 }
        if current == 0x23 { while let byte = current, byte != 0x0A { offset += 1 } }
        let start = offset
        guard let byte = current else { return Token(kind: .end, range: start..<start) }
        switch byte {
        case 0x0A: return single(.newline)
        case 0x7B: return single(.leftBrace)
        case 0x7D: return single(.rightBrace)
        case 0x3B: return offset + 1 < bytes.count && bytes[offset + 1] == 0x3B ? single(.symbol) : single(.semicolon)
        case 0x7C, 0x26, 0x3C, 0x3E: return single(.symbol)
        default: break
        }
        let word = try word()
        let raw = bytes[start..<offset]
        let isReserved = raw.elementsEqual("[[".utf8) || raw.elementsEqual("]]".utf8)
        return Token(kind: isReserved ? .symbol : .word(word), range: start..<offset)
    }

    private mutating func single(_ kind: Token.Kind) -> Token {
        offset += 1
        return Token(kind: kind, range: offset - 1..<offset)
    }

    private mutating func word() throws(SyntaxError) -> Word {
        let start = offset
        var pieces: Word = []
        var plain: [UInt8] = []
        func flush() {
            if !plain.isEmpty { pieces.append(.text(plain)) }
            plain = []
        }
        scan: while let byte = current {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x7B, 0x7D, 0x7C, 0x26, 0x3B, 0x3C, 0x3E: break scan
            case 0x5C:
                guard offset + 2 < bytes.count || offset + 1 < bytes.count && bytes[offset + 1] != 0x0A else {
                    throw SyntaxError("the file ends after a backslash", text.place(at: offset))
                }
                // A backslash before the end of a line joins it with the next one.
                if bytes[offset + 1] != 0x0A { plain += [0x5C, bytes[offset + 1]] }
                offset += 2
            case 0x27:
                flush()
                pieces.append(.quoted(try singleQuoted()))
            case 0x22:
                flush()
                pieces += try doubleQuoted()
            case 0x24 where offset + 1 < bytes.count && bytes[offset + 1] == 0x22:
                flush()
                pieces.append(.translated(try translated()))
            case 0x24:
                // A dollar sign that starts no variable ends the word, and cannot start another one.
                guard let name = try variable() else {
                    if offset > start { break scan }
                    throw SyntaxError("'$' without the name of a variable", text.place(at: offset))
                }
                flush()
                pieces.append(.variable(name, isQuoted: false))
            default:
                plain.append(byte)
                offset += 1
            }
        }
        flush()
        return pieces
    }

    private mutating func singleQuoted() throws(SyntaxError) -> [UInt8] {
        let start = offset
        guard let end = bytes[(start + 1)...].firstIndex(of: 0x27) else { throw unclosed(start) }
        offset = end + 1
        return Array(bytes[start + 1..<end])
    }

    private mutating func doubleQuoted() throws(SyntaxError) -> Word {
        let start = offset
        var pieces: Word = []
        var quoted: [UInt8] = []
        offset += 1
        while let byte = current {
            switch byte {
            case 0x22:
                offset += 1
                return pieces + [.quoted(quoted)]
            case 0x5C: quoted += try escape(keeping: [0x24, 0x5C, 0x22], from: start)
            case 0x24:
                guard let name = try variable() else {
                    throw SyntaxError("'$' without the name of a variable", text.place(at: offset))
                }
                pieces += [.quoted(quoted), .variable(name, isQuoted: true)]
                quoted = []
            default:
                quoted.append(byte)
                offset += 1
            }
        }
        throw unclosed(start)
    }

    private mutating func translated() throws(SyntaxError) -> [UInt8] {
        let start = offset
        var message: [UInt8] = []
        offset += 2
        while let byte = current {
            switch byte {
            case 0x22:
                offset += 1
                return message
            case 0x5C where offset + 1 < bytes.count && bytes[offset + 1] == 0x5C:
                // Stays doubled: it is undone after the translation.
                message += [0x5C, 0x5C]
                offset += 2
            case 0x5C: message += try escape(keeping: [0x22], from: start)
            default:
                message.append(byte)
                offset += 1
            }
        }
        throw unclosed(start)
    }

    /// A backslash between double quotes: it vanishes before a character of `kept`, together with a line feed after
    /// it, and stands for itself otherwise.
    private mutating func escape(keeping kept: [UInt8], from start: Int) throws(SyntaxError) -> [UInt8] {
        guard offset + 1 < bytes.count else { throw unclosed(start) }
        let next = bytes[offset + 1]
        if next == 0x0A || kept.contains(next) {
            offset += 2
            return next == 0x0A ? [] : [next]
        }
        offset += 1
        return [0x5C]
    }

    private func unclosed(_ start: Int) -> SyntaxError { SyntaxError("a quote without its end", text.place(at: start)) }
}
