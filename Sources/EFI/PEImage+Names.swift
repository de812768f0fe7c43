internal import BoundedBytes

extension PEImage {
    /// The longest string table that is read, in bytes.
    private static let longestTable = 1 << 20

    /// The names of all sections. One with more than eight bytes stands in the string table behind the symbols, and
    /// the section has `/` and its offset there; where that leads nowhere, the name stays as it is.
    ///
    /// Source: Microsoft, "PE Format", "Section Table" and "COFF String Table". Little-endian.
    func sectionNames<Source: ImageSource & ~Copyable>(
        in file: borrowing Source
    ) throws(ImageFailure<Source.Failure>) -> [String] {
        guard let offset = stringTableOffset, sections.contains(where: { $0.name.hasPrefix("/") }) else {
            return sections.map { $0.name }
        }
        let head = try file.bytes(offset..<offset + 4)
        // The length counts itself.
        let length = head.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.longestTable, length <= byteCount - offset else { return sections.map { $0.name } }
        let table = try file.bytes(offset..<offset + length)
        return sections.map { section in
            guard section.name.hasPrefix("/"), let start = Int(section.name.dropFirst()), start >= 4,
                start < table.count
            else { return section.name }
            return String(decoding: table[start...].prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
