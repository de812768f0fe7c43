internal import Cryptography
internal import JSON

/// A LUKS2 header that a host changes, with the checksums right. In the control libcryptsetup reads it: that is what says
/// that the forgery is sound.
///
/// Source: LUKS2 On-Disk Format Specification 1.1, section 2: size of a copy at 8, checksum at 448, JSON from 4096 on.
struct HeaderForgery {
    /// What a host does to the metadata.
    struct Change: Sendable {
        /// Names with dots between.
        var path: String
        var value: JSONValue
        /// Whether the first copy stays as it is.
        var isSecondaryOnly = false
    }

    private var copies: [[UInt8]]

    /// - Parameter start: of the volume, both copies in it; nil where there is no header.
    init?(_ start: [UInt8]) {
        guard start.count >= 16 else { return nil }
        let size = start[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard size > 4096, size <= UInt64(start.count / 2) else { return nil }
        copies = [Array(start[..<Int(size)]), Array(start[Int(size)..<2 * Int(size)])]
    }

    var bytes: [UInt8] { copies[0] + copies[1] }

    /// Makes the change; false where the result is no header.
    mutating func apply(_ change: Change) -> Bool {
        do throws(JSONError) {
            let root = try metadata()
            let path = change.path.split(separator: ".").map(String.init)
            let text = Array(Self.replacing(path[...], in: root, with: change.value).compact.utf8)
            for index in change.isSecondaryOnly ? 1..<2 : 0..<2 {
                guard let copy = Self.copy(copies[index], text) else { return false }
                copies[index] = copy
            }
            return true
        } catch { return false }
    }

    /// What the metadata has at `path`, names with dots between; nil where there is nothing.
    func member(_ path: String) -> JSONValue? {
        do throws(JSONError) {
            return path.split(separator: ".").reduce(Optional(try metadata())) { $0?[String($1)] }
        } catch { return nil }
    }

    private func metadata() throws(JSONError) -> JSONValue {
        try JSONValue(parsing: Array(copies[0][4096...].prefix { $0 != 0 }))
    }

    private static func copy(_ copy: [UInt8], _ text: [UInt8]) -> [UInt8]? {
        guard text.count < copy.count - 4096 else { return nil }
        let zeros = [UInt8](repeating: 0, count: 64)
        var changed = copy[..<448] + zeros + copy[512..<4096] + text
        changed += [UInt8](repeating: 0, count: copy.count - changed.count)
        do throws(CryptographyError) {
            changed.replaceSubrange(448..<480, with: try DigestAlgorithm.sha256.hash(Array(changed)))
        } catch { return nil }
        return Array(changed)
    }

    private static func replacing(_ path: ArraySlice<String>, in value: JSONValue, with new: JSONValue) -> JSONValue {
        guard let name = path.first else { return new }
        var members = value.members ?? []
        let index = members.firstIndex { $0.name == name }
        let changed = JSONMember(
            name, replacing(path.dropFirst(), in: index.map { members[$0].value } ?? .object([]), with: new))
        if let index { members[index] = changed } else { members.append(changed) }
        return .object(members)
    }
}
