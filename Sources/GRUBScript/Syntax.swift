/// One statement of a script.
indirect enum Statement {
    case command(Command)
    case conditional(Conditional)
    case iteration(Iteration)
    case repetition(Repetition)
}

/// A command line, possibly with a block behind it.
struct Command {
    let words: [Word]
    let block: Block?
    let text: ScriptText
    let offset: Int
    var place: GRUBPlace { text.place(at: offset) }
}

/// `{ ... }` as an argument: the command gets its text, which is parsed again when it is run.
struct Block {
    /// Between the braces.
    let range: Range<Int>
}

/// `if`, and every `elif` behind it.
struct Conditional {
    let branches: [(condition: [Statement], body: [Statement])]
    let otherwise: [Statement]
}

/// `for NAME in WORDS`.
struct Iteration {
    let name: [UInt8]
    let words: [Word]
    let body: [Statement]
    let place: GRUBPlace
}

/// `while`, or `until`, which goes on as long as the condition fails.
struct Repetition {
    let isUntil: Bool
    let condition: [Statement]
    let body: [Statement]
}

/// A word before expansion: pieces that lie side by side.
typealias Word = [Piece]

enum Piece {
    /// Unquoted; a backslash before a character stays until file names are expanded.
    case text([UInt8])
    /// What stood between quotes of either kind, without variables.
    case quoted([UInt8])
    /// `$"..."`: to be translated.
    case translated([UInt8])
    case variable([UInt8], isQuoted: Bool)
}

/// What GRUB parses at once: a line, and as many after it as its quotes and braces need. Only when all of it is parsed
/// does the first command run; functions exist from then on.
struct ScriptLine {
    var functions: [(name: [UInt8], body: [Statement], place: GRUBPlace)] = []
    var statements: [Statement] = []
}
