/// A file of variables that GRUB changes in place: lines of `name=value`, then `#` up to its size, 1024 bytes as a rule.
///
/// Source: GRUB 2.06, `lib/envblk.c`. A backslash makes the next byte, also a line feed, part of the value.
struct EnvironmentBlock {
    private(set) var bytes: [UInt8]
    private static let signature = Array("# GRUB Environment Block\n".utf8)

    /// nil for what GRUB would not take for one.
    init?(_ bytes: [UInt8]) {
        guard bytes.count > Self.signature.count, bytes.starts(with: Self.signature) else { return nil }
        self.bytes = bytes
    }

    /// The variables in order. GRUB reads up to the first line that has no end.
    var variables: [(name: [UInt8], value: [UInt8])] {
        var variables: [(name: [UInt8], value: [UInt8])] = []
        var at = Self.signature.count
        while at < bytes.count {
            if bytes[at] != 0x23 {
                guard let equals = bytes[at...].firstIndex(of: 0x3D) else { break }
                let end = endOfLine(equals + 1)
                guard end < bytes.count else { break }
                variables.append((Array(bytes[at..<equals]), Pattern.unescaped(bytes[(equals + 1)..<end])))
                at = end
            }
            at = endOfLine(at) + 1
        }
        return variables
    }

    /// Replaces a value, or adds the variable behind the last one.
    ///
    /// - Returns: false, with nothing changed, where there is no space.
    mutating func set(_ name: [UInt8], to value: [UInt8]) -> Bool {
        let escaped = value.flatMap { $0 == 0x5C || $0 == 0x0A ? [0x5C, $0] : [$0] }
        guard let last = bytes.lastIndex(where: { $0 != 0x23 }), bytes[last] == 0x0A else { return false }
        let space = last + 1
        guard let line = line(of: name, before: space) else {
            let added = name + [0x3D] + escaped + [0x0A]
            guard added.count <= bytes.count - space else { return false }
            bytes.replaceSubrange(space..<space + added.count, with: added)
            return true
        }
        let old = (line.lowerBound + name.count + 1)..<line.upperBound
        guard old.upperBound < bytes.count, bytes.count - space >= escaped.count - old.count else { return false }
        let size = bytes.count
        bytes.replaceSubrange(old, with: escaped)
        bytes = bytes.prefix(size) + Array(repeating: 0x23, count: max(0, size - bytes.count))
        return true
    }

    /// Removes a variable, if it is there.
    mutating func remove(_ name: [UInt8]) {
        guard let line = line(of: name, before: bytes.count), line.upperBound < bytes.count else { return }
        bytes.removeSubrange(line.lowerBound...line.upperBound)
        bytes += Array(repeating: 0x23, count: line.count + 1)
    }

    /// The first line `name=...` that begins early enough before `limit`, without its line feed.
    private func line(of name: [UInt8], before limit: Int) -> Range<Int>? {
        let start = name + [0x3D]
        var at = Self.signature.count
        while at + start.count < limit {
            if bytes[at...].starts(with: start) { return at..<min(bytes.count, endOfLine(at + start.count)) }
            at = endOfLine(at) + 1
        }
        return nil
    }

    /// The line feed that ends the line, or an offset at the end or one behind it.
    private func endOfLine(_ start: Int) -> Int {
        var at = start
        while at < bytes.count, bytes[at] != 0x0A { at += bytes[at] == 0x5C ? 2 : 1 }
        return at
    }
}
