extension Interpreter {
    /// A variable's value; nil where it is not set.
    func value(of name: String) -> [UInt8]? { context.variables[Array(name.utf8)]?.value }

    /// Sets a variable as the script language does, which keeps the parameters' names for itself.
    mutating func setFromScript(_ name: [UInt8], to value: [UInt8]) throws(Stop) {
        let isParameter = name.first?.isDigit == true || [[0x23], [0x2A], [0x40]].contains(name)
        if !isParameter { try set(name, to: value) }
    }

    mutating func set(_ name: String, to value: [UInt8]) throws(Stop) { try set(Array(name.utf8), to: value) }

    /// Sets a variable, with what GRUB does when one of its own changes.
    mutating func set(_ name: [UInt8], to value: [UInt8]) throws(Stop) {
        // The status takes its place before anyone can read it.
        if name == [0x3F] { return }
        var value = value
        switch String(decoding: name, as: UTF8.self) {
        case "root":
            if value.first == 0x28, value.last == 0x29 { value = Array(value.dropFirst().dropLast()) }
        case "prefix": if lists.areRead { try readLists(prefix: value) }
        case "lang" where modules.contains("gettext"):
            try openCatalogs(language: value, folder: self.value(of: "locale_dir") ?? [])
            try openSecondaryCatalog(language: value, folder: self.value(of: "secondary_locale_dir") ?? [])
        case "locale_dir" where modules.contains("gettext"):
            try openCatalogs(language: self.value(of: "lang") ?? [], folder: value)
        case "secondary_locale_dir" where modules.contains("gettext"):
            try openSecondaryCatalog(language: self.value(of: "lang") ?? [], folder: value)
        case "check_signatures" where modules.contains("pgp") && !value.elementsEqual("no".utf8):
            throw unpredictable("detached signatures")
        default: break
        }
        context.variables[name, default: Variable(value: [], isExported: false)].value = value
    }

    mutating func unset(_ name: [UInt8]) throws(Stop) {
        if Self.hooked.contains(name) { return try set(name, to: []) }
        context.variables[name] = nil
    }

    /// Those that can only become empty: GRUB has a function that watches them.
    private static var hooked: [[UInt8]] {
        [
            "root", "prefix", "lang", "locale_dir", "secondary_locale_dir", "check_signatures", "pager", "color_normal",
            "color_highlight",
        ].map { Array($0.utf8) }
    }

    /// `set NAME=VALUE`, `unset NAME`, `export NAME...`
    mutating func changeVariables(_ command: String, _ arguments: [[UInt8]]) throws(Stop) -> Status {
        guard let first = arguments.first else { return command == "set" ? .success : .badArgument }
        switch command {
        case "set":
            guard let equals = first.firstIndex(of: 0x3D) else { return .badArgument }
            try set(Array(first[..<equals]), to: Array(first[(equals + 1)...]))
        case "unset": try unset(first)
        default:
            for name in arguments {
                guard name != [0x3F] else { throw unpredictable("an exported '?'") }
                context.variables[name, default: Variable(value: [], isExported: true)].isExported = true
            }
        }
        return .success
    }
}
