/// An option of a command.
struct Option {
    enum Argument { case none, optional, required }

    let long: String
    let short: UInt8?
    let argument: Argument

    init(_ long: String, short: String? = nil, _ argument: Argument) {
        self.long = long
        self.short = short?.utf8.first
        self.argument = argument
    }
}

/// A command's words, split into options and arguments.
///
/// Source: GRUB 2.06, `lib/arg.c`. Options may stand behind arguments, too.
struct ParsedOptions {
    /// For each option that was given, by its long name: its values in order, nil for one without.
    private(set) var values: [String: [[UInt8]?]] = [:]
    private(set) var arguments: [[UInt8]] = []

    enum Result {
        case success(ParsedOptions)
        case failure(Status)
    }

    func isGiven(_ name: String) -> Bool { values[name] != nil }
    /// The last value.
    func value(_ name: String) -> [UInt8]? { values[name]?.last ?? nil }

    /// - Parameter acceptsDashes: what is no option is an argument, even if it looks like one.
    static func parse(_ words: [[UInt8]], _ options: [Option], acceptsDashes: Bool = false) -> Result {
        var parsed = ParsedOptions()
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.first == 0x2D, word.count > 1 else {
                parsed.arguments.append(word)
                continue
            }
            if word.elementsEqual("--".utf8) {
                parsed.arguments += rest
                break
            }
            let isLong = word[1] == 0x2D
            let step = isLong ? parsed.long(word, &rest, options) : parsed.short(word, &rest, options)
            switch step {
            case .taken: break
            case .stranger where acceptsDashes: parsed.arguments.append(word)
            case .stranger: return .failure(.badArgument)
            case .end(let status): return .failure(status)
            }
        }
        return .success(parsed)
    }

    private enum Step {
        case taken, stranger
        /// The command does not run, and returns this.
        case end(Status)
    }

    /// Any command has `--help` and `--usage`: the text is shown, and nothing else happens.
    private static let helpNames = ["help", "usage"]

    private mutating func long(_ word: [UInt8], _ rest: inout ArraySlice<[UInt8]>, _ options: [Option]) -> Step {
        let equals = word.firstIndex(of: 0x3D)
        let name = String(decoding: word[2..<(equals ?? word.endIndex)], as: UTF8.self)
        guard let option = options.first(where: { $0.long == name }) else {
            return Self.helpNames.contains(name) ? .end(.success) : .stranger
        }
        var value = equals.map { Array(word[($0 + 1)...]) }
        if value == nil, option.argument != .none, let next = rest.first, next.first != 0x2D { value = rest.popFirst() }
        return take(option, value)
    }

    private mutating func short(_ word: [UInt8], _ rest: inout ArraySlice<[UInt8]>, _ options: [Option]) -> Step {
        var found: [Option] = []
        for letter in word.dropFirst() {
            guard let option = options.first(where: { $0.short == letter }) else {
                return Self.helpNames.contains { $0.utf8.first == letter } ? .end(.success) : .stranger
            }
            found.append(option)
        }
        for option in found.dropLast() {
            if option.argument == .required { return .end(.badArgument) }
            _ = take(option, nil)
        }
        guard let last = found.last else { return .stranger }
        var value: [UInt8]?
        let isValue = rest.first.map { last.argument == .required || $0.count < 2 || $0[0] != 0x2D } ?? false
        if last.argument != .none, isValue { value = rest.popFirst() }
        return take(last, value)
    }

    private mutating func take(_ option: Option, _ value: [UInt8]?) -> Step {
        if option.argument == .required, value == nil { return .end(.badArgument) }
        values[option.long, default: []].append(value)
        return .taken
    }
}
