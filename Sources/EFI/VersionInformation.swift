internal import BoundedBytes

/// What a VERSIONINFO resource says about a program: names and versions, as its maker wrote them. Untrusted text.
///
/// Sources: Microsoft, "PE Format", "The .rsrc Section"; Microsoft, "VS_VERSIONINFO structure" and the pages of its
/// children. Integers are little-endian.
public struct VersionInformation: Equatable, Sendable {
    public struct Item: Equatable, Sendable {
        public let name: String
        public let value: String
    }

    /// "1.2.3.4" of the fixed part; nil where there is no fixed part.
    public let fixedProductVersion: String?
    /// The strings of the first language, such as ProductName and ProductVersion.
    public let items: [Item]

    /// The string of that name.
    public subscript(name: String) -> String? { items.first { $0.name == name }?.value }

    /// ProductVersion as text, else the fixed one.
    public var productVersion: String? { self["ProductVersion"] ?? fixedProductVersion }

    /// Reads the first version resource of a resource section that is loaded at `address`.
    ///
    /// - Returns: nil where the section has no version resource.
    static func read(resources: [UInt8], at address: UInt32) throws(EFIError) -> VersionInformation? {
        try parsing(.version) { () throws(ByteError) in
            guard let types = try ResourceDirectory.entry(in: resources, at: 0, identifier: 16),
                let names = try ResourceDirectory.entry(in: resources, at: types, identifier: nil),
                let leaf = try ResourceDirectory.entry(in: resources, at: names, identifier: nil, isLeaf: true)
            else { return nil }
            var reader = ByteReader(resources.span)
            try reader.skip(to: leaf)
            let dataAddress: UInt32 = try reader.integer()
            let count: UInt32 = try reader.integer()
            var data = ByteReader(resources.span)
            // An address before the section makes a negative offset, which the reader refuses.
            try data.skip(to: Int(dataAddress) - Int(address))
            return try VersionInformation(parsing: try data.bytes(Int(count)))
        }
    }

    private init(parsing bytes: [UInt8]) throws(ByteError) {
        let root = try VersionNode(parsing: bytes)
        fixedProductVersion = try Self.fixedVersion(root.value)
        var items: [Item] = []
        for block in try root.children() where block.key == "StringFileInfo" {
            for item in try block.children().first?.children() ?? [] {
                items.append(Item(name: item.key, value: item.text))
            }
        }
        self.items = items
    }

    /// VS_FIXEDFILEINFO, 52 bytes: dwProductVersionMS at 16, LS at 20.
    private static func fixedVersion(_ value: [UInt8]) throws(ByteError) -> String? {
        guard !value.isEmpty else { return nil }
        var reader = ByteReader(value.span)
        guard try reader.integer(UInt32.self) == 0xFEEF_04BD else { return nil }
        try reader.skip(to: 16)
        let high: UInt32 = try reader.integer()
        let low: UInt32 = try reader.integer()
        return [high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF].map { String($0) }.joined(separator: ".")
    }
}

/// IMAGE_RESOURCE_DIRECTORY: a tree of exactly three levels, type, name and language.
private enum ResourceDirectory {
    /// The offset that an entry of the directory at `offset` leads to, from the start of the section: of the entry
    /// with that number, or of the first one. nil where there is none, or it is of the other kind.
    static func entry(
        in section: [UInt8], at offset: Int, identifier: UInt32?, isLeaf: Bool = false
    ) throws(ByteError) -> Int? {
        var reader = ByteReader(section.span)
        try reader.skip(to: offset)
        try reader.skip(12)
        let named: UInt16 = try reader.integer()
        let numbered: UInt16 = try reader.integer()
        for _ in 0..<Int(named) + Int(numbered) {
            let name: UInt32 = try reader.integer()
            let target: UInt32 = try reader.integer()
            guard identifier == nil || name == identifier else { continue }
            return (target >> 31 == 0) == isLeaf ? Int(target & 0x7FFF_FFFF) : nil
        }
        return nil
    }
}

/// The common shape of VS_VERSIONINFO and what is in it: length, length of the value, kind, key, value, children.
private struct VersionNode {
    let key: String
    /// All behind the key.
    private let body: [UInt8]
    private let valueLength: Int

    init(parsing bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes.span)
        let length = Int(try reader.integer(UInt16.self))
        let valueLength = Int(try reader.integer(UInt16.self))
        let isText = try reader.integer(UInt16.self) == 1
        guard length >= 6, length <= bytes.count else {
            throw .truncated(offset: 0, needed: max(6, length), available: bytes.count)
        }
        key = String(decoding: try reader.terminatedUnits(), as: UTF16.self)
        let start = min((reader.offset + 3) / 4 * 4, max(length, reader.offset))
        body = start <= length ? Array(bytes[start..<length]) : []
        // Of text it counts 16-bit units.
        self.valueLength = isText ? valueLength * 2 : valueLength
    }

    var value: [UInt8] { Array(body.prefix(valueLength)) }

    /// The value as text, up to its first zero.
    var text: String {
        let units = stride(from: 0, to: body.count - body.count % 2, by: 2).map {
            UInt16(body[$0]) | UInt16(body[$0 + 1]) << 8
        }
        return String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
    }

    func children() throws(ByteError) -> [VersionNode] {
        var children: [VersionNode] = []
        var start = (valueLength + 3) / 4 * 4
        while start < body.count, body.count - start >= 6 {
            let length = Int(body[start]) | Int(body[start + 1]) << 8
            children.append(try VersionNode(parsing: Array(body[start...].prefix(length))))
            // A node that was read has six bytes at least.
            start += (length + 3) / 4 * 4
        }
        return children
    }
}
