internal import BoundedBytes

extension Interpreter {
    /// `source`, `.` and `configfile`: the last one in a context of its own, and then its menu is shown.
    ///
    /// Source: GRUB 2.06, `commands/configfile.c`, `normal/main.c`.
    mutating func runConfiguration(_ command: String, _ arguments: [[UInt8]]) throws(Stop) -> Status {
        guard arguments.count == 1 else { return .badArgument }
        guard command == "configfile" else {
            _ = try readConfiguration(arguments[0])
            return .success
        }
        contexts.append(context.inner)
        if try readConfiguration(arguments[0]), !context.menu.isEmpty { try showMenu(isAutomatic: false) }
        contexts.removeLast()
        return .success
    }

    /// `normal [FILE]`: also the lists of modules are read. What follows the menu is a prompt.
    mutating func enterNormalMode(_ name: [UInt8]?) throws(Stop) -> Status {
        let name = if let name { name } else { try firstConfiguration() }
        try readLists(prefix: value(of: "prefix") ?? [])
        lists.areRead = true
        if try readConfiguration(name), !context.menu.isEmpty { try showMenu(isAutomatic: false) }
        throw unpredictable("GRUB waits at its command line")
    }

    /// The configuration of normal mode that nobody names. A look at whether it is there measures it.
    ///
    /// Source: Debian's GRUB 2.12, `normal/main.c`.
    private mutating func firstConfiguration() throws(Stop) -> [UInt8] {
        func configuration(_ folder: String) -> [UInt8] { (value(of: folder) ?? []) + Array("/grub.cfg".utf8) }
        guard machine.image.looksBesideItself else { return configuration("prefix") }
        for name in ["fw_path", "prefix"].map(configuration) {
            if case .file = try open(name) { return name }
        }
        throw unpredictable("GRUB looks for its configuration on every device")
    }

    /// - Returns: whether there is such a file.
    private mutating func readConfiguration(_ name: [UInt8]) throws(Stop) -> Bool {
        guard case .file(let file, let device) = try open(name) else { return false }
        let content = try text(of: file, on: device)
        let full = name.first == 0x28 ? name : [0x28] + (value(of: "root") ?? []) + [0x29] + name
        let folder = full.lastIndex(of: 0x2F).map { Array(full[..<$0]) } ?? full
        let names = ["config_file", "config_directory"].map { Array($0.utf8) }
        let outer = names.map { context.variables[$0]?.value }
        for (name, value) in zip(names, [full, folder]) {
            context.variables[name] = Variable(value: value, isExported: true)
        }
        let text: ScriptText
        do throws(SyntaxError) {
            text = try ScriptText(configuration: content, file: String(decoding: full, as: UTF8.self))
        } catch {
            throw .ending(.malformed(error.what, error.place))
        }
        let caller = place
        try run(text)
        place = caller
        for (name, value) in zip(names, outer) {
            if let value { try set(name, to: value) } else { try unset(name) }
        }
        return true
    }

    /// Shows the menu of this context until an entry boots; `isAutomatic` for a submenu on the way to the default entry.
    ///
    /// Source: GRUB 2.06, `normal/menu.c`.
    private mutating func showMenu(isAutomatic: Bool) throws(Stop) {
        repeat {
            place = context.menu[defaultIndex].place
            let index = try waitForDefault()
            try execute(context.menu[index])
            while let next = try nextFallback() {
                guard next >= 0, Int(next) < context.menu.count else {
                    throw unpredictable("a fallback entry that does not exist")
                }
                try execute(context.menu[Int(next)])
            }
        } while !isAutomatic
    }

    /// The entry that boots when the timeout is over.
    private mutating func waitForDefault() throws(Stop) -> Int {
        let timeout = try timeout()
        let style = value(of: "timeout_style").map { String(decoding: $0, as: UTF8.self) }
        let isHidden = style == "hidden" || style == "countdown"
        if timeout > 0, !isHidden, value(of: "theme") != nil, usesGraphics {
            throw unpredictable("the files of the menu's theme")
        }
        let index = try machine.kernel.map { kernel throws(Stop) in try self.index(of: kernel) } ?? defaultIndex
        if isHidden {
            try unset(Array("timeout".utf8))
            try unset(Array("timeout_style".utf8))
        } else if timeout > 0 {
            try unset(Array("timeout".utf8))
        }
        return index
    }

    private func timeout() throws(Stop) -> Int32 {
        guard let text = value(of: "timeout") else { throw unpredictable("the menu waits: 'timeout' is not set") }
        let number = Number(text)
        guard number.error == nil, number.int >= 0 else {
            throw unpredictable(
                "the menu waits: 'timeout' is '\(Printable.escape(String(decoding: text, as: UTF8.self)))'")
        }
        return number.int
    }

    /// An entry that loads the kernel, else the submenu that has one.
    private func index(of kernel: String) throws(Stop) -> Int {
        let isMeantHere = !machine.isInSubmenu || !chosenTitles.isEmpty
        let direct = isMeantHere ? context.menu.firstIndex { !$0.isSubmenu && $0.names(kernel) } : nil
        guard let index = direct ?? context.menu.firstIndex(where: { $0.isSubmenu && $0.names(kernel) }) else {
            throw .ending(.noEntry(kernel: kernel, place))
        }
        return index
    }

    private var defaultIndex: Int {
        let menu = context.menu
        guard let text = value(of: "default") else { return 0 }
        let number = Number(text)
        if number.error == .badNumber { return menu.firstIndex { $0.isMeant(by: text) } ?? 0 }
        guard number.error == nil, number.int >= 0, Int(number.int) < menu.count else { return 0 }
        return Int(number.int)
    }

    /// Takes the first number off `fallback`.
    private mutating func nextFallback() throws(Stop) -> Int32? {
        guard let text = value(of: "fallback") else { return nil }
        let number = Number(text)
        guard number.error == nil else {
            try unset(Array("fallback".utf8))
            return nil
        }
        try set("fallback", to: Array(text.dropFirst(number.length).drop(while: \.isSpace)))
        return number.int < 0 ? nil : number.int
    }

    /// Runs an entry; comes back only where it does not boot.
    private mutating func execute(_ entry: MenuEntry) throws(Stop) {
        if entry.isRestricted, value(of: "superusers") != nil { throw unpredictable("a password") }
        let (outerChosen, outerDefault) = (value(of: "chosen"), value(of: "default"))
        let titles = chosenTitles
        chosenTitles.append(String(decoding: entry.title, as: UTF8.self))
        if entry.isSubmenu {
            // A submenu can load itself again; unlike statements, GRUB does not count these.
            guard contexts.count < Self.contextLimit else { throw unpredictable("too many menus within each other") }
            contexts.append(context.inner)
            try set("timeout", to: [0x30])
        }
        let name = entry.id.flatMap { $0 == 0x3E ? [$0, $0] : [$0] }
        try set("chosen", to: outerChosen.map { $0 + [0x3E] + name } ?? name)
        context.variables[Array("chosen".utf8)]?.isExported = true
        let rest = Self.rest(of: outerDefault ?? [])
        if rest.isEmpty { try unset(Array("default".utf8)) } else { try set("default", to: rest) }

        let outer = scope
        scope = Scope(arguments: entry.arguments)
        try run(entry.text)
        scope = outer
        if loader != nil { _ = try boot() }
        if entry.isSubmenu {
            if !context.menu.isEmpty { try showMenu(isAutomatic: true) }
            contexts.removeLast()
        }
        chosenTitles = titles
        for (name, value) in [("chosen", outerChosen), ("default", outerDefault)] {
            if let value { try set(name, to: value) } else { try unset(Array(name.utf8)) }
        }
        try unset(Array("timeout".utf8))
    }

    /// What is behind the first single `>`.
    private static func rest(of choice: [UInt8]) -> [UInt8] {
        var at = 0
        while at < choice.count {
            if choice[at] == 0x3E {
                guard at + 1 < choice.count, choice[at + 1] == 0x3E else { return Array(choice[(at + 1)...]) }
                at += 1
            }
            at += 1
        }
        return []
    }
}
