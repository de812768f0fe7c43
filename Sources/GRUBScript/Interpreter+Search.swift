enum SearchKind { case file, label, uuid }

extension Interpreter {
    /// One search for a device.
    private struct Search {
        let kind: SearchKind
        let key: [UInt8]
        let variable: [UInt8]?
        let hints: [[UInt8]]
        var count = 0
    }

    /// `search`, and the three commands that do one kind of it.
    ///
    /// Source: GRUB 2.06, `commands/search_wrap.c`, `commands/search.c`.
    mutating func search(_ command: String, _ arguments: [[UInt8]]) throws(Stop) -> Status {
        let kinds: [String: SearchKind] = ["search.file": .file, "search.fs_label": .label, "search.fs_uuid": .uuid]
        guard let kind = kinds[command] else { return try search(arguments) }
        guard let key = arguments.first else { return .badArgument }
        let variable = arguments.count > 1 ? arguments[1] : nil
        return try search(Search(kind: kind, key: key, variable: variable, hints: Array(arguments.dropFirst(2))))
    }

    private mutating func search(_ arguments: [[UInt8]]) throws(Stop) -> Status {
        let hints = ["hint-ieee1275", "hint-bios", "hint-baremetal", "hint-efi", "hint-arc"]
        let options =
            [
                Option("file", short: "f", .none), Option("label", short: "l", .none),
                Option("fs-uuid", short: "u", .none), Option("set", short: "s", .optional),
                Option("no-floppy", short: "n", .none), Option("hint", short: "h", .required),
            ] + hints.map { Option($0, .required) }
        let parsed: ParsedOptions
        switch ParsedOptions.parse(arguments, options, acceptsDashes: true) {
        case .failure(let status): return status
        case .success(let result): parsed = result
        }
        var variable = parsed.isGiven("set") ? parsed.value("set") ?? Array("root".utf8) : nil
        // Hints for platforms that this GRUB does not know.
        var key = parsed.arguments.first { !$0.starts(with: "--hint-".utf8) }
        if key == nil, let name = parsed.value("set") {
            key = name
            variable = Array("root".utf8)
        }
        guard let key else { return .badArgument }
        let used = ["hint", "hint-efi", "hint-baremetal"].flatMap { parsed.values[$0] ?? [] }.compactMap { $0 }
        let order: [(String, SearchKind)] = [("label", .label), ("fs-uuid", .uuid), ("file", .file)]
        guard let kind = order.first(where: { parsed.isGiven($0.0) })?.1 else { return .invalidCommand }
        return try search(Search(kind: kind, key: key, variable: variable, hints: used))
    }

    private mutating func search(_ search: Search) throws(Stop) -> Status {
        var search = search
        if search.variable != nil {
            let couldLoad = lists.canLoadFileSystems
            lists.canLoadFileSystems = false
            try tryDevices(&search)
            lists.canLoadFileSystems = couldLoad
        }
        if search.count == 0 { try tryDevices(&search) }
        return search.count == 0 ? .fileNotFound : .success
    }

    /// Looks at the device that the same search found before, at the hints, and at last at all devices.
    private mutating func tryDevices(_ search: inout Search) throws(Stop) {
        let folded = search.kind == .uuid ? search.key.map(\.lowered) : search.key
        if let known = searches[search.kind]?[folded] {
            if try matches(.disk(known), &search, isKnown: true) { return }
            if search.count == 0 { searches[search.kind]?[folded] = nil }
        }
        for hint in search.hints where !hint.isEmpty {
            let hasPartitions = hint.last == 0x2C
            let name = hasPartitions ? Array(hint.dropLast()) : hint
            guard let device = try reference(name) else { continue }
            if try matches(device, &search) { return }
            guard hasPartitions else { continue }
            let prefix = device.name + ","
            for partition in disk.devices where partition.name.hasPrefix(prefix) {
                if try matches(.disk(partition), &search) { return }
            }
        }
        // GRUB asks its drivers in reverse order of their start, and of a disk the last partition first.
        if machine.image.memdisk != nil, try matches(.memdisk, &search) { return }
        for device in Self.searchOrder(disk.devices) where try matches(.disk(device), &search) { return }
    }

    static func searchOrder(_ devices: [GRUBDevice]) -> [GRUBDevice] {
        var disks: [[GRUBDevice]] = []
        for device in devices {
            let isPartition = disks.last?.first.map { device.name.hasPrefix($0.name + ",") } ?? false
            if isPartition { disks[disks.count - 1].insert(device, at: 1) } else { disks.append([device]) }
        }
        return disks.flatMap { $0 }
    }

    /// - Returns: whether the search is over.
    private mutating func matches(
        _ device: DeviceReference, _ search: inout Search, isKnown: Bool = false
    ) throws(Stop) -> Bool {
        try spend(commands: 1)
        guard try isWanted(device, search) else { return false }
        if !isKnown, search.count == 0, case .disk(let found) = device {
            let folded = search.kind == .uuid ? search.key.map(\.lowered) : search.key
            searches[search.kind, default: [:]][folded] = found
        }
        search.count += 1
        guard let variable = search.variable else { return false }
        try set(variable, to: Array(device.name.utf8))
        return true
    }

    private mutating func isWanted(_ device: DeviceReference, _ search: Search) throws(Stop) -> Bool {
        if search.kind == .file {
            guard case .file = try open([0x28] + Array(device.name.utf8) + [0x29] + search.key) else { return false }
            return true
        }
        guard try probe(device), case .disk(let disk) = device else { return false }
        guard let value = search.kind == .label ? disk.label : disk.uuid else { return false }
        if search.kind == .label { return value.utf8.elementsEqual(search.key) }
        return value.utf8.map(\.lowered).elementsEqual(search.key.map(\.lowered))
    }
}
