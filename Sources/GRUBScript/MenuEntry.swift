/// An entry of the menu, or a submenu.
struct MenuEntry {
    let title: [UInt8]
    let id: [UInt8]
    let arguments: [[UInt8]]
    let isSubmenu: Bool
    /// Without `--unrestricted`, superusers have to name themselves.
    let isRestricted: Bool
    let text: ScriptText
    /// Of the command that made it.
    let place: GRUBPlace

    /// Whether `choice`, up to a single `>`, is the entry's title or its id. A `>` in them is doubled there.
    func isMeant(by choice: [UInt8]) -> Bool { Self.isSame(title, choice) || Self.isSame(id, choice) }

    /// Whether a file of that name, in any folder, is a word of the entry's text.
    func names(_ file: String) -> Bool {
        text.bytes.split { [0x09, 0x0A, 0x20, 0x22, 0x27, 0x3B].contains($0) }.contains { word in
            word.suffix(file.utf8.count + 1).elementsEqual([0x2F] + Array(file.utf8))
        }
    }

    private static func isSame(_ name: [UInt8], _ choice: [UInt8]) -> Bool {
        var (at, place) = (0, 0)
        while true {
            var byte = place < choice.count ? choice[place] : 0
            if byte == 0x3E {
                let isDoubled = place + 1 < choice.count && choice[place + 1] == 0x3E
                if !isDoubled { return at == name.count }
                place += 1
                byte = 0x3E
            }
            guard at < name.count else { return place >= choice.count }
            guard place < choice.count, name[at] == byte else { return false }
            (at, place) = (at + 1, place + 1)
        }
    }
}

extension Interpreter {
    /// `menuentry` and `submenu`, with a block or with `--source`.
    ///
    /// Source: GRUB 2.06, `commands/menuentry.c`.
    mutating func addMenuEntry(_ call: Invocation, isSubmenu: Bool) throws(Stop) -> Status {
        let options = [
            Option("class", .required), Option("users", .required), Option("hotkey", .required),
            Option("source", .required), Option("id", .required), Option("unrestricted", .none),
        ]
        let parsed: ParsedOptions
        switch ParsedOptions.parse(call.arguments, options, acceptsDashes: true) {
        case .failure(let status): return status
        case .success(let result): parsed = result
        }
        var arguments = parsed.arguments
        guard !arguments.isEmpty, parsed.isGiven("source") != (call.block != nil) else { return .badArgument }
        let text: ScriptText
        if let block = call.block {
            // An option that lacks its value takes the block for it.
            guard arguments.last == call.arguments.last else { throw unpredictable("an option before the block") }
            arguments.removeLast()
            text = block.text.body(block.range, header: Self.header(arguments))
        } else {
            text = ScriptText(source: parsed.value("source") ?? [], file: place.file, line: place.line)
        }
        guard let title = arguments.first else { return .menu }
        let isRestricted = parsed.isGiven("users") || !parsed.isGiven("unrestricted")
        context.menu.append(
            MenuEntry(
                title: title, id: parsed.value("id") ?? title, arguments: arguments, isSubmenu: isSubmenu,
                isRestricted: isRestricted, text: text, place: place))
        return .success
    }

    /// The command that GRUB puts in front of an entry's body.
    private static func header(_ arguments: [[UInt8]]) -> [UInt8] {
        var header = Array("setparams".utf8)
        for argument in arguments {
            header += [0x20, 0x27] + argument.flatMap { $0 == 0x27 ? Array(#"'\''"#.utf8) : [$0] } + [0x27]
        }
        return header
    }
}
