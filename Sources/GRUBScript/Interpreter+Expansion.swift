extension Interpreter {
    /// The words of a command after variables, quotes and file name patterns.
    ///
    /// Source: GRUB 2.06, `script/execute.c`.
    mutating func expand(_ words: [Word]) throws(Stop) -> [[UInt8]] {
        var list = WordList()
        for word in words {
            list.next()
            for piece in word {
                let before = list.cost
                try append(piece, to: &list)
                try spend(bytes: list.cost - before)
            }
        }
        var expanded: [[UInt8]] = []
        for word in list.words {
            try spend(bytes: word.count)
            expanded += try expandPattern(word) ?? [Pattern.unescaped(word)]
        }
        return expanded
    }

    private func append(_ piece: Piece, to list: inout WordList) throws(Stop) {
        switch piece {
        case .text(let bytes): list.append(bytes)
        case .quoted(let bytes): list.append(Pattern.escaped(bytes))
        case .translated(let bytes): list.append(Pattern.escaped(try translate(bytes)))
        case .variable(let name, let isQuoted):
            for (index, value) in try values(of: name, isQuoted: isQuoted).enumerated() {
                if index > 0 { list.next() }
                list.append(isQuoted ? Pattern.escaped(value) : Pattern.escapedBackslashes(value))
            }
        }
    }

    /// What a variable stands for, as words.
    private func values(of name: [UInt8], isQuoted: Bool) throws(Stop) -> [[UInt8]] {
        var list = WordList()
        func add(_ value: [UInt8]) { if isQuoted { list.append(value) } else { list.appendSplit(value) } }
        switch name {
        case [0x23]: if let scope { list.append(Array(String(scope.arguments.count).utf8)) }
        case [0x2A] where isQuoted:
            if let scope, !scope.arguments.isEmpty { list.append(Array(scope.arguments.joined(separator: [0x20]))) }
        case [0x2A], [0x40]:
            for argument in scope?.arguments ?? [] {
                list.next()
                add(argument)
            }
        case let digits where digits[0].isDigit:
            let number = Number(digits, base: 10).value
            if let scope, number > 0, number <= UInt64(scope.arguments.count) { add(scope.arguments[Int(number) - 1]) }
        default:
            let value = try value(name)
            if !value.isEmpty { add(value) }
        }
        return list.words
    }

    /// A variable's value as scripts see it: empty where it is not set.
    func value(_ name: [UInt8]) throws(Stop) -> [UInt8] {
        guard name == [0x3F] else { return context.variables[name]?.value ?? [] }
        switch context.status {
        case nil: return []
        case .code(let code): return Array(String(code).utf8)
        case .unknown(let reason): throw unpredictable("'$?' depends on " + reason)
        }
    }

    /// The text of `$"..."`: without a catalogue it is its own translation. Only names that the original text holds
    /// are replaced, and parameters of a function are not among them.
    private func translate(_ message: [UInt8]) throws(Stop) -> [UInt8] {
        guard !catalogs.isAnyOpen else { throw unpredictable("a translated text") }
        var result: [UInt8] = []
        var isEscaped = false
        var at = 0
        while at < message.count {
            let byte = message[at]
            at += 1
            switch byte {
            case 0x5C:
                if isEscaped { result.append(byte) }
                isEscaped.toggle()
            case 0x24 where !isEscaped:
                switch Self.name(in: message[at...]) {
                case .none: result.append(byte)
                case .unclosed: return result  // GRUB drops the rest
                case .found([0x23], let length):
                    at += length
                    if let scope { result += Array(String(scope.arguments.count).utf8) }
                case .found(let name, let length):
                    at += length
                    result += try value(name)
                }
            default:
                if isEscaped, byte != 0x24 { result.append(0x5C) }
                isEscaped = false
                result.append(byte)
            }
        }
        return result
    }

    private enum NameMatch {
        case none, unclosed
        /// With the bytes that it takes, braces included.
        case found([UInt8], Int)
    }

    /// The variable's name at the start of `text`, which is what follows a dollar sign.
    private static func name(in text: ArraySlice<UInt8>) -> NameMatch {
        guard let first = text.first else { return .none }
        if first == 0x7B {
            guard let end = text.firstIndex(of: 0x7D) else { return .unclosed }
            return .found(Array(text[(text.startIndex + 1)..<end]), end - text.startIndex + 1)
        }
        var name: ArraySlice<UInt8> = []
        if first == 0x3F || first == 0x23 {
            name = text.prefix(1)
        } else if first.isDigit {
            name = text.prefix { $0.isDigit }
        } else if first.isNameStart {
            name = text.prefix { $0.isNamePart }
        }
        return name.isEmpty ? .none : .found(Array(name), name.count)
    }
}
