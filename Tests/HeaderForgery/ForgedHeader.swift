internal import Cryptography
public import Foundation
public import TestSupport

/// A header made by cryptsetup, taken apart and put together again with whatever change a hostile host makes:
/// both copies alike, both checksums right. JSON is read and written by Foundation, not by the code under test.
public struct ForgedHeader {
    /// The two copies as they are on the disk.
    public var primary: [UInt8]
    public var secondary: [UInt8]

    public init(of file: VolumeFile) throws {
        let size = Int(try file.read(8, 8).reduce(0) { $0 << 8 | UInt64($1) })
        primary = try file.read(0, size)
        secondary = try file.read(size, size)
    }

    public func write(to file: VolumeFile) throws { try file.write(primary + secondary, at: 0) }

    /// The JSON text without padding.
    public var text: String {
        get { String(decoding: primary[4096...].prefix { $0 != 0 }, as: UTF8.self) }
        set { replaceArea(Array(newValue.utf8)) }
    }

    public mutating func replaceArea(_ bytes: [UInt8]) {
        let padding = [UInt8](repeating: 0, count: max(0, primary.count - 4096 - bytes.count))
        primary = primary[..<4096] + bytes + padding
        secondary = secondary[..<4096] + bytes + padding
        fixChecksums()
    }

    /// Writes `bytes` over both copies at `offset`, and corrects the checksums.
    public mutating func overwrite(_ bytes: [UInt8], at offset: Int) {
        primary.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        secondary.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        fixChecksums()
    }

    public mutating func fixChecksums() {
        primary = Self.withChecksum(primary)
        secondary = Self.withChecksum(secondary)
    }

    /// SHA-256 over the copy with 64 zero bytes at 448, where the digest then goes.
    public static func withChecksum(_ copy: [UInt8]) -> [UInt8] {
        var copy = copy
        copy.replaceSubrange(448..<512, with: [UInt8](repeating: 0, count: 64))
        guard let digest = try? DigestAlgorithm.sha256.hash(copy) else { return [] }
        copy.replaceSubrange(448..<480, with: digest)
        return copy
    }

    /// Sets the member at `path`, names with dots between, to a JSON text; nil removes it.
    public mutating func set(_ path: String, _ json: String?) throws {
        let value = try json.map { try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed) }
        let root = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let changed = Self.replacing(path.split(separator: ".").map(String.init)[...], in: root, with: value)
        text = try Self.spelled(changed, options: [.sortedKeys, .withoutEscapingSlashes])
    }

    /// The same metadata in another spelling.
    public mutating func respell(_ options: JSONSerialization.WritingOptions) throws {
        text = try Self.spelled(JSONSerialization.jsonObject(with: Data(text.utf8)), options: options)
    }

    /// The member at `path` as Foundation reads it; nil where there is none.
    public func member(_ path: String) throws -> Any? {
        let root: Any? = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return path.split(separator: ".").reduce(root) { ($0 as? [String: Any])?[String($1)] }
    }

    private static func spelled(_ value: Any, options: JSONSerialization.WritingOptions) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: value, options: options), as: UTF8.self)
    }

    private static func replacing(_ path: ArraySlice<String>, in value: Any, with new: Any?) -> Any {
        guard let name = path.first else { return new ?? NSNull() }
        var object = value as? [String: Any] ?? [:]
        object[name] =
            path.count == 1 ? new : replacing(path.dropFirst(), in: object[name] ?? [String: Any](), with: new)
        return object
    }
}
