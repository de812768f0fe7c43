internal import FileSystems

extension Interpreter {
    /// An expression of `test`, read from left to right; `and` holds what was read since the last `-o`.
    private struct Expression {
        let words: [[UInt8]]
        var at = 0
        var depth = 0
        /// GRUB leaves an error standing, and then finds no file until something clears it.
        var hasError = false

        func word(_ offset: Int) -> String? {
            at + offset < words.count ? String(decoding: words[at + offset], as: UTF8.self) : nil
        }
    }

    /// `test`, `[`.
    ///
    /// Source: GRUB 2.06, `commands/test.c`.
    mutating func test(_ arguments: [[UInt8]]) throws(Stop) -> Status {
        var words = arguments
        if words.last == [0x5D] { words.removeLast() }
        var expression = Expression(words: words)
        return try evaluate(&expression) ? .success : .testFailure
    }

    private mutating func evaluate(_ expression: inout Expression) throws(Stop) -> Bool {
        var (isInverted, and, or) = (false, true, false)
        func update(_ value: Bool) {
            and = and && value != isInverted
            isInverted = false
        }
        while let word = expression.word(0) {
            if let value = try compare(&expression) {
                update(value)
                expression.at += 3
            } else if let value = try inspect(&expression) {
                update(value)
                expression.at += 2
            } else {
                expression.at += 1
                switch word {
                case ")":
                    if expression.depth > 0 { expression.depth -= 1 }
                    return or || and
                case "(":
                    expression.depth += 1
                    // GRUB reports an error at 101, and returns something of its own.
                    guard expression.depth <= 100 else { throw unpredictable("GRUB's limit of parentheses") }
                    update(try evaluate(&expression))
                case "!": isInverted.toggle()
                case "-a": break
                case "-o":
                    or = or || and
                    and = true
                default: update(!word.isEmpty)
                }
            }
        }
        return or || and
    }

    /// Three words with an operator in the middle; nil where they are none.
    private mutating func compare(_ expression: inout Expression) throws(Stop) -> Bool? {
        guard let name = expression.word(1), expression.at + 2 < expression.words.count else { return nil }
        let (left, right) = (expression.words[expression.at], expression.words[expression.at + 2])
        switch name {
        case "=", "==": return left == right
        case "!=": return left != right
        case "<": return left.lexicographicallyPrecedes(right)
        case "<=": return !right.lexicographicallyPrecedes(left)
        case ">": return right.lexicographicallyPrecedes(left)
        case ">=": return !left.lexicographicallyPrecedes(right)
        case "-eq", "-ge", "-gt", "-le", "-lt", "-ne":
            let (one, other) = (number(left, &expression), number(right, &expression))
            switch name {
            case "-eq": return one == other
            case "-ge": return one >= other
            case "-gt": return one > other
            case "-le": return one <= other
            case "-lt": return one < other
            default: return one != other
            }
        case "-pgt", "-plt":
            // From the last common byte back to where its digits begin.
            var start = zip(left, right).prefix { $0 == $1 }.count - 1
            while start > 0, left[start].isDigit { start -= 1 }
            let from = start + 1
            let (one, other) = (Number(left.dropFirst(from)), Number(right.dropFirst(from)))
            if one.error != nil || other.error != nil { expression.hasError = true }
            return name == "-pgt" ? one.value > other.value : one.value < other.value
        default:
            guard name.hasPrefix("-nt") || name.hasPrefix("-ot") else { return nil }
            return try compareTimes(name, &expression)
        }
    }

    /// A number with its sign, kept in GRUB's `int`.
    private func number(_ text: [UInt8], _ expression: inout Expression) -> Int32 {
        let isNegative = text.first == 0x2D
        let number = Number(isNegative ? text.dropFirst() : text[...])
        if number.error != nil { expression.hasError = true }
        return isNegative ? Int32(truncatingIfNeeded: 0 &- number.value) : number.int
    }

    private mutating func compareTimes(_ name: String, _ expression: inout Expression) throws(Stop) -> Bool {
        let one = try entry(expression.words[expression.at], &expression)
        let other = try entry(expression.words[expression.at + 2], &expression)
        let suffix = Array(name.utf8.dropFirst(3))
        let bias = suffix.isEmpty ? 0 : Int64(number(suffix, &expression))
        let isNewer = name.hasPrefix("-nt")
        if isNewer ? one != nil && other == nil : one == nil && other != nil { return true }
        guard one != nil, other != nil else { return false }
        guard let first = one?.modified, let second = other?.modified else {
            throw unpredictable("the times of files")
        }
        return isNewer ? first &+ bias > second : first &+ bias < second
    }

    /// Two words with an operator in front; nil where they are none.
    private mutating func inspect(_ expression: inout Expression) throws(Stop) -> Bool? {
        guard let name = expression.word(0), expression.at + 1 < expression.words.count else { return nil }
        let operand = expression.words[expression.at + 1]
        switch name {
        case "-n": return !operand.isEmpty
        case "-z": return operand.isEmpty
        case "-d": return try entry(operand, &expression)?.isDirectory == true
        case "-e": return try entry(operand, &expression) != nil
        case "-f": return try entry(operand, &expression)?.isDirectory == false
        case "-s":
            // Unlike the others it opens the file, which is then measured.
            expression.hasError = false
            guard case .file(let file, let device) = try open(operand) else { return false }
            return try !content(of: file, on: device, limit: 1).isEmpty
        default: return nil
        }
    }

    private mutating func entry(_ name: [UInt8], _ expression: inout Expression) throws(Stop) -> GRUBDirectoryEntry? {
        guard !expression.hasError else { return nil }
        guard case .found(let location) = try locate(name), try probe(location.device) else {
            expression.hasError = true
            return nil
        }
        if let entry = try entry(at: location) { return entry }
        // Without its folder, looking for it is an error; else it is just not there.
        let path = location.path.reversed().drop { $0 == 0x2F }.reversed()
        let folder = path.lastIndex(of: 0x2F).map { Array(path[...$0]) } ?? [0x2F]
        let parent = try entry(at: Location(device: location.device, path: folder))
        if parent?.isDirectory != true { expression.hasError = true }
        return nil
    }

    /// What lies in the directory under that name, links not followed.
    func entry(at location: Location) throws(Stop) -> GRUBDirectoryEntry? {
        let path = Self.cleaned(try text(location.path))
        guard case .disk(let device) = location.device else {
            return try fromMemdisk { (disk) throws(MemdiskError) in try disk.isDirectory(at: path) }
                .map { GRUBDirectoryEntry(isDirectory: $0) }
        }
        if path == "/" { return GRUBDirectoryEntry(isDirectory: true) }
        return try fromDisk { [disk] () throws(Disk.Failure) in try disk.entry(at: path, on: device) }
    }
}
