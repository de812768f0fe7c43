/// Which options each command of a program has, as a page's synopsis and a usage text write it.
struct Synopsis {
    /// By the words of the command. `--help` and `--version`, which all have, are left out.
    private(set) var commands: [String: Set<String>] = [:]

    var options: Set<String> { commands.values.reduce(into: []) { $0.formUnion($1) } }

    init() {}

    /// The words that follow the program's name up to the first that is not all letters are the command.
    init(of program: String, in text: String) {
        var name: String?
        var isNaming = false
        for word in text.split(whereSeparator: \.isWhitespace).map(String.init) {
            if word == program {
                (name, isNaming) = (nil, true)
            } else if isNaming, word.wholeMatch(of: /[a-z][a-z-]*/) != nil {
                name = name.map { $0 + " " + word } ?? word
            } else {
                isNaming = false
                if let name { add(Self.options(in: word), to: name) }
            }
        }
    }

    mutating func add(_ options: Set<String>, to command: String) {
        commands[command, default: []].formUnion(options)
    }

    /// The long options that a text names.
    static func options(in text: String) -> Set<String> {
        let names = text.matches(of: /(?:^|[^a-z0-9-])(--[a-z][a-z0-9-]*)/).map { String($0.1) }
        return Set(names).subtracting(["--help", "--version"])
    }

    /// What only one of both has.
    func differences(from other: Synopsis) -> [String] {
        Set(commands.keys).union(other.commands.keys).sorted().flatMap { command -> [String] in
            guard let ours = commands[command], let theirs = other.commands[command] else { return [command] }
            return ours.symmetricDifference(theirs).sorted().map { command + " " + $0 }
        }
    }
}
