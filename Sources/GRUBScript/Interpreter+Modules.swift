/// The lists of modules beside GRUB's other files, as far as they were there when the prefix was set.
struct ModuleLists {
    /// Normal mode has begun: from now on they are read again whenever the prefix changes.
    var areRead = false
    /// Commands that a module would bring which is not part of the image.
    var commands: [[UInt8]: String] = [:]
    /// Modules for file systems; the last one is tried first.
    var fileSystems: [String] = []
    /// A search that sets a variable looks without them at first.
    var canLoadFileSystems = false
}

/// The catalogues of translations that are open.
struct Catalogs {
    var main = false
    var secondary = false
    var isAnyOpen: Bool { main || secondary }
}

extension Interpreter {
    /// Source: GRUB 2.06, `normal/main.c`, `normal/dyncmd.c`, `normal/autofs.c`, `normal/crypto.c`, `normal/term.c`.
    mutating func readLists(prefix: [UInt8]) throws(Stop) {
        let folder = prefix + Array("/x86_64-efi/".utf8)
        if let text = try readList(folder, "command.lst") {
            lists.commands = [:]
            for line in text.split(separator: 0x0A) {
                let fields = line.drop(while: \.isSpace).split(separator: 0x3A, maxSplits: 1)
                guard fields.count == 2, let module = moduleName(fields[1]) else { continue }
                let name = fields[0].first == 0x2A ? fields[0].dropFirst() : fields[0]
                if !name.isEmpty, !modules.contains(module) { lists.commands[Array(name)] = module }
            }
        }
        let couldLoad = lists.canLoadFileSystems
        lists.canLoadFileSystems = false
        if let text = try readList(folder, "fs.lst") {
            let names = text.split(separator: 0x0A).compactMap(moduleName)
            lists.fileSystems = names.filter { $0.utf8.count > 1 }
        }
        lists.canLoadFileSystems = couldLoad
        _ = try readList(folder, "crypto.lst")
        _ = try readList(folder, "terminal.lst")
        lists.canLoadFileSystems = true
        if modules.contains("gettext") {
            try openCatalogs(
                language: value(of: "lang") ?? [], folder: value(of: "locale_dir") ?? [], prefix: prefix)
        }
    }

    private mutating func readList(_ folder: [UInt8], _ name: String) throws(Stop) -> [UInt8]? {
        guard case .file(let file, let device) = try open(folder + Array(name.utf8)) else { return nil }
        return try text(of: file, on: device)
    }

    private func moduleName(_ field: ArraySlice<UInt8>) -> String? {
        let name = field.drop(while: \.isSpace).reversed().drop(while: \.isSpace).reversed()
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }

    /// Tries to load a module that is not part of the image: with Secure Boot it is measured and refused.
    @discardableResult
    mutating func loadModule(_ name: String) throws(Stop) -> Status {
        let prefix = value(of: "prefix") ?? []
        return try loadModuleFile(prefix + Array("/x86_64-efi/\(name).mod".utf8))
    }

    private mutating func loadModuleFile(_ path: [UInt8]) throws(Stop) -> Status {
        guard case .failed(let status) = try open(path, for: .prohibited) else {
            throw unpredictable("a module from the disk, without Secure Boot")
        }
        return status
    }

    /// `insmod NAME`. It reports errors, and succeeds all the same.
    mutating func insertModule(_ arguments: [[UInt8]]) throws(Stop) -> Status {
        guard let name = arguments.first else { return .badArgument }
        if let first = name.first, [0x2F, 0x28, 0x2B].contains(first) {
            _ = try loadModuleFile(name)  // shown, and not returned
        } else {
            let name = try text(name)
            if !modules.contains(name) { try loadModule(name) }
        }
        return .success
    }

    /// Opens the catalogue for `language`, or for its part before `_`.
    ///
    /// Source: GRUB 2.06, `gettext/gettext.c`.
    mutating func openCatalogs(language: [UInt8], folder: [UInt8], prefix: [UInt8]? = nil) throws(Stop) {
        let prefix = prefix ?? value(of: "prefix") ?? []
        let fallback = prefix.isEmpty ? [] : prefix + Array("/locale".utf8)
        catalogs.main = try openCatalog(language: language, folder: folder.isEmpty ? fallback : folder)
    }

    mutating func openSecondaryCatalog(language: [UInt8], folder: [UInt8]) throws(Stop) {
        catalogs.secondary = try openCatalog(language: language, folder: folder)
    }

    private mutating func openCatalog(language: [UInt8], folder: [UInt8]) throws(Stop) -> Bool {
        guard !language.isEmpty, !folder.isEmpty else { return false }
        var names = [language]
        if let end = language.firstIndex(of: 0x5F) { names.append(Array(language[..<end])) }
        for name in names {
            for suffix in [".mo", ".mo.gz", ".gmo"] {
                let path = folder + [0x2F] + name + Array(suffix.utf8)
                guard case .file(let file, let device) = try open(path) else { continue }
                let head = try content(of: file, on: device, limit: 28)
                guard !Self.isCompressed(head) else { throw unpredictable("\(file) is compressed") }
                // Magic number and version 0, little-endian; then 20 bytes of header more.
                if head.count >= 28, head.starts(with: [0xDE, 0x12, 0x04, 0x95, 0, 0, 0, 0]) { return true }
            }
        }
        return false
    }

    /// `loadfont NAME...`: a file's name, or a font of the memory disk or of the prefix. The first failure ends it.
    mutating func loadFonts(_ arguments: [[UInt8]]) throws(Stop) -> Status {
        if arguments.isEmpty { return .badArgument }
        for name in arguments {
            let suffix = Array("/fonts/".utf8) + name + Array(".pf2".utf8)
            let isPath = name.first.map { [0x2F, 0x28, 0x2B].contains($0) } ?? false
            var opened = try open(isPath ? name : Array("(memdisk)".utf8) + suffix, for: .prohibited)
            if case .failed = opened, !isPath {
                opened = try open((value(of: "prefix") ?? []) + suffix, for: .prohibited)
            }
            switch opened {
            case .failed(let status): return status
            case .file(_, .memdisk): break
            case .file(let file, .disk): return .unknown("whether \(file) is a whole font")
            }
        }
        return .success
    }
}
