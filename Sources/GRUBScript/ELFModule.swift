internal import BoundedBytes

/// The one thing that a prediction needs from a module: the name it is known by.
///
/// Source: System V ABI, ELF-64 (little-endian); GRUB 2.06, `kern/dl.c`: the text of the section `.modname`.
enum ELFModule {
    private struct Section {
        let name: Int
        let offset: Int
        let size: Int
    }

    /// - Parameter offset: where the module lies, for the error.
    static func name(of bytes: [UInt8], at offset: Int) throws(GRUBImageError) -> String {
        do throws(ByteError) {
            if let name = try readName(of: bytes) { return name }
        } catch {
            throw .module(offset: offset, what: error.description)
        }
        throw .module(offset: offset, what: "no ELF module with a name")
    }

    private static func readName(of bytes: [UInt8]) throws(ByteError) -> String? {
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
        var reader = ByteReader(bytes.span)
        try reader.skip(to: 0x28)
        let table = Int(clamping: try reader.integer(UInt64.self))
        try reader.skip(to: 0x3A)
        let entrySize = Int(try reader.integer(UInt16.self))
        let count = Int(try reader.integer(UInt16.self))
        let namesIndex = Int(try reader.integer(UInt16.self))
        guard entrySize >= 64, namesIndex < count, table < bytes.count else { return nil }
        var sections: [Section] = []
        for index in 0..<count {
            var reader = ByteReader(bytes.span)
            try reader.skip(to: table + index * entrySize)
            let name = Int(try reader.integer(UInt32.self))
            try reader.skip(20)  // type, flags, address
            let offset = Int(clamping: try reader.integer(UInt64.self))
            sections.append(Section(name: name, offset: offset, size: Int(clamping: try reader.integer(UInt64.self))))
        }
        let names = sections[namesIndex]
        for section in sections {
            guard names.offset <= bytes.count, section.name < bytes.count - names.offset else { continue }
            let start = names.offset + section.name
            guard bytes[start...].prefix(9).elementsEqual(".modname\0".utf8) else { continue }
            var reader = ByteReader(bytes.span)
            try reader.skip(to: section.offset)
            let text = try reader.bytes(section.size).prefix { $0 != 0 }
            return String(validating: text, as: UTF8.self)
        }
        return nil
    }
}
