/// GNU-style options of a guest program: `--name`, `--name value` or `--name=value`. Embedded Swift has no
/// argument parser.
public struct ArgumentList {
    private var words: [String]

    public init(_ words: [String]) { self.words = words }

    /// Takes the first word if it is no option: the command.
    public mutating func command() -> String? {
        guard let first = words.first, !first.hasPrefix("-") else { return nil }
        return words.removeFirst()
    }

    /// Takes `--name` out; true where it was given.
    public mutating func flag(_ name: String) -> Bool {
        let count = words.count
        words.removeAll { $0 == "--" + name }
        return words.count < count
    }

    /// Takes `--name` and its value out.
    ///
    /// - Throws: `UsageError` where the option is given twice or without a value.
    public mutating func option(_ name: String) throws(UsageError) -> String? {
        var value: String?
        while let index = words.firstIndex(where: { $0 == "--" + name || $0.hasPrefix("--" + name + "=") }) {
            let word = words.remove(at: index)
            guard value == nil else { throw UsageError("--" + name + " is given twice") }
            if let equals = word.utf8.firstIndex(of: 0x3D) {
                value = String(decoding: word.utf8[word.utf8.index(after: equals)...], as: UTF8.self)
            } else {
                guard index < words.count else { throw UsageError("--" + name + " needs a value") }
                value = words.remove(at: index)
            }
        }
        return value
    }

    /// Ends the reading: a word that nobody asked for is an error.
    public func finish() throws(UsageError) {
        if let word = words.first { throw UsageError("unknown argument '" + word + "'") }
    }
}

/// A command line that nobody understands.
public struct UsageError: Error, Equatable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
