/// Reads a script line by line, as GRUB runs it.
///
/// Source: GRUB 2.06, `script/parser.y`, `script/lexer.c`.
struct Parser {
    private static let nestingLimit = 60
    private static let reserved: Set<String> = [
        "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in", "select", "then", "until",
        "while",
    ]

    private var lexer: Lexer
    private var lookahead: Lexer.Token?
    private var nesting = 0
    private var text: ScriptText { lexer.text }

    init(_ text: ScriptText) { lexer = Lexer(text) }

    /// The next line that holds anything; nil at the end.
    mutating func nextLine() throws(SyntaxError) -> ScriptLine? {
        try skipNewlines()
        if case .end = try peek().kind { return nil }
        var line = ScriptLine()
        while true {
            if try keyword() == "function" {
                line.functions.append(try function())
            } else {
                line.statements.append(try statement())
            }
            switch try peek().kind {
            case .newline: break
            case .semicolon:
                take()
                guard case .newline = try peek().kind else { continue }
            default: throw try unexpected()
            }
            take()
            return line
        }
    }

    private mutating func peek() throws(SyntaxError) -> Lexer.Token {
        if let lookahead { return lookahead }
        let token = try lexer.next()
        lookahead = token
        return token
    }

    private mutating func take() { lookahead = nil }

    private mutating func skipNewlines() throws(SyntaxError) {
        while case .newline = try peek().kind { take() }
    }

    private mutating func unexpected() throws(SyntaxError) -> SyntaxError {
        let range = try peek().range
        let what = range.isEmpty ? "the end of the file" : text.bytes[range] == [0x0A] ? "the end of the line" : nil
        let shown = what ?? "'" + String(decoding: text.bytes[range].prefix(32), as: UTF8.self) + "'"
        return SyntaxError("unexpected " + shown, text.place(at: range.lowerBound))
    }

    /// The reserved word that comes next, if one does.
    private mutating func keyword() throws(SyntaxError) -> String? {
        let token = try peek()
        guard case .word = token.kind, token.range.count <= 8 else { return nil }
        let raw = String(decoding: text.bytes[token.range], as: UTF8.self)
        return Self.reserved.contains(raw) ? raw : nil
    }

    private mutating func expect(_ word: String) throws(SyntaxError) {
        guard try keyword() == word else { throw try unexpected() }
        take()
    }

    private mutating func name() throws(SyntaxError) -> [UInt8] {
        let raw = text.bytes[try peek().range]
        guard let first = raw.first, first.isNameStart, raw.allSatisfy(\.isNamePart), try keyword() == nil else {
            throw try unexpected()
        }
        take()
        return Array(raw)
    }

    /// One or more commands. With `delimited`, a semicolon or a line end must come behind the last one.
    private mutating func commands(delimited: Bool) throws(SyntaxError) -> [Statement] {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.nestingLimit else {
            throw SyntaxError("more than \(Self.nestingLimit) levels", text.place(at: try peek().range.lowerBound))
        }
        try skipNewlines()
        var statements = [try statement()]
        while true {
            switch try peek().kind {
            case .newline, .semicolon: take()
            default:
                if delimited { throw try unexpected() }
                return statements
            }
            try skipNewlines()
            guard case .word = try peek().kind else { return statements }
            let word = try keyword()
            guard word == nil || ["if", "for", "while", "until"].contains(word) else { return statements }
            statements.append(try statement())
        }
    }

    private mutating func statement() throws(SyntaxError) -> Statement {
        switch try keyword() {
        case "if": .conditional(try conditional())
        case "for": .iteration(try iteration())
        case "while": .repetition(try repetition(isUntil: false))
        case "until": .repetition(try repetition(isUntil: true))
        case nil: .command(try command())
        default: throw try unexpected()
        }
    }

    private mutating func command() throws(SyntaxError) -> Command {
        let offset = try peek().range.lowerBound
        let words = try words()
        guard !words.isEmpty else { throw try unexpected() }
        var block: Block?
        if case .leftBrace = try peek().kind { block = try readBlock() }
        return Command(words: words, block: block, text: text, offset: offset)
    }

    private mutating func words() throws(SyntaxError) -> [Word] {
        var words: [Word] = []
        while case .word(let word) = try peek().kind {
            words.append(word)
            take()
        }
        return words
    }

    private mutating func readBlock() throws(SyntaxError) -> Block {
        let start = try peek().range.upperBound
        take()
        _ = try commands(delimited: false)  // run from its text, later; here it only has to parse
        return Block(range: start..<(try closingBrace()))
    }

    /// - Returns: the brace's offset.
    private mutating func closingBrace() throws(SyntaxError) -> Int {
        let token = try peek()
        guard case .rightBrace = token.kind else { throw try unexpected() }
        take()
        return token.range.lowerBound
    }

    private mutating func function() throws(SyntaxError) -> (name: [UInt8], body: [Statement], place: GRUBPlace) {
        let place = text.place(at: try peek().range.lowerBound)
        take()
        let name = try name()
        try skipNewlines()
        guard case .leftBrace = try peek().kind else { throw try unexpected() }
        take()
        let body = try commands(delimited: true)
        _ = try closingBrace()
        return (name, body, place)
    }

    private mutating func conditional() throws(SyntaxError) -> Conditional {
        var branches: [(condition: [Statement], body: [Statement])] = []
        var word: String?
        repeat {
            take()
            let condition = try commands(delimited: true)
            try expect("then")
            branches.append((condition, try commands(delimited: true)))
            word = try keyword()
        } while word == "elif"
        var otherwise: [Statement] = []
        if word == "else" {
            take()
            otherwise = try commands(delimited: true)
        }
        try expect("fi")
        return Conditional(branches: branches, otherwise: otherwise)
    }

    private mutating func iteration() throws(SyntaxError) -> Iteration {
        let place = text.place(at: try peek().range.lowerBound)
        take()
        let name = try name()
        try expect("in")
        let words = try words()
        switch try peek().kind {
        case .newline, .semicolon: take()
        default: throw try unexpected()
        }
        try skipNewlines()
        try expect("do")
        let body = try commands(delimited: true)
        try expect("done")
        return Iteration(name: name, words: words, body: body, place: place)
    }

    private mutating func repetition(isUntil: Bool) throws(SyntaxError) -> Repetition {
        take()
        let condition = try commands(delimited: true)
        try expect("do")
        let body = try commands(delimited: true)
        try expect("done")
        return Repetition(isUntil: isUntil, condition: condition, body: body)
    }
}
