extension Interpreter {
    /// The files that a word with stars or question marks stands for, after the `regexp` module.
    ///
    /// Only words that begin with `/`, `(` or `*` are looked at. Source: GRUB 2.06, `commands/wildcard.c`.
    /// - Returns: nil where the word stands for itself.
    mutating func expandPattern(_ word: [UInt8]) throws(Stop) -> [[UInt8]]? {
        guard modules.contains("regexp"), let first = word.first, [0x2F, 0x28, 0x2A].contains(first) else { return nil }
        guard Self.firstSpecial(in: word[...]) != nil else { return nil }
        var paths: [[UInt8]] = [[]]
        var rest = word[...]
        while let special = Self.firstSpecial(in: rest) {
            // The fixed folders up to the pattern, the pattern, and what is behind it.
            let start = (rest[..<special].lastIndex(of: 0x2F) ?? rest.startIndex - 1) + 1
            let end = rest[special...].firstIndex(of: 0x2F) ?? rest.endIndex
            guard start > word.startIndex, rest[..<start].first != 0x28 || rest[..<start].contains(0x29) else {
                throw unpredictable("a pattern for the names of devices")
            }
            var matches: [[UInt8]] = []
            for path in paths {
                matches += try self.matches(of: rest[start..<end], in: path + Pattern.unescaped(rest[..<start]))
            }
            if matches.isEmpty { return nil }
            // GRUB keeps the order in which they lie in the directory.
            if matches.count > 1 { throw unpredictable("the order of the files that a pattern names") }
            paths = matches
            rest = rest[end...]
        }
        let suffix = Pattern.unescaped(rest)
        var found: [[UInt8]] = []
        for path in paths {
            let isThere = try suffix.isEmpty ? true : isPresent(path + suffix)
            if isThere { found.append(path + suffix) }
        }
        return found.isEmpty ? nil : found
    }

    private static func firstSpecial(in word: ArraySlice<UInt8>) -> Int? {
        var at = word.startIndex
        while at < word.endIndex {
            if word[at] == 0x5C { at += 1 } else if Pattern.isSpecial(word[at]) { return at }
            at += 1
        }
        return nil
    }

    private mutating func matches(of pattern: ArraySlice<UInt8>, in folder: [UInt8]) throws(Stop) -> [[UInt8]] {
        guard !pattern.contains(where: { $0 == 0x5E || $0 == 0x24 }) else {
            throw unpredictable("'^' and '$' in a pattern")
        }
        guard case .found(let location) = try locate(folder), try probe(location.device) else { return [] }
        guard case .disk(let device) = location.device else {
            throw unpredictable("a pattern for files of the memory disk")
        }
        let path = try text(location.path)
        let names = try fromDisk { [disk] () throws(Disk.Failure) in try disk.names(in: path, on: device) } ?? []
        try spend(bytes: names.count)
        return names.map { Array($0.utf8) }.filter { Self.matches($0, pattern) }.map { folder + $0 }
    }

    /// Whether a name is what the pattern describes; time is at most the product of their lengths.
    static func matches(_ name: [UInt8], _ pattern: ArraySlice<UInt8>) -> Bool {
        var (at, place) = (0, pattern.startIndex)
        var retry: (at: Int, place: Int)?
        while true {
            if place == pattern.endIndex, at == name.count { return true }
            if place < pattern.endIndex {
                let byte = pattern[place]
                if byte == 0x2A {
                    retry = (at, place)
                    place += 1
                    continue
                }
                let isEscape = byte == 0x5C && place + 1 < pattern.endIndex
                let wanted = isEscape ? pattern[place + 1] : byte
                if at < name.count, byte == 0x3F || name[at] == wanted {
                    at += 1
                    place += isEscape ? 2 : 1
                    continue
                }
            }
            // One more byte for the last star.
            guard let last = retry, last.at < name.count else { return false }
            retry = (last.at + 1, last.place)
            (at, place) = (last.at + 1, last.place + 1)
        }
    }

    /// Whether the last part of `path` lies in its folder.
    private mutating func isPresent(_ path: [UInt8]) throws(Stop) -> Bool {
        guard case .found(let location) = try locate(path), try probe(location.device) else { return false }
        return try entry(at: location) != nil
    }
}
