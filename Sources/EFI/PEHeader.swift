internal import BoundedBytes

/// The headers of a PE file, field by field, before anything is compared with the length of the file.
struct PEHeader {
    struct Directory {
        let address: UInt32
        let size: UInt32
    }

    let machine: UInt16
    let subsystem: UInt16
    let headerByteCount: UInt32
    /// Where the COFF string table begins, in bytes from the start of the file: behind the symbols; 0 for none.
    let stringTableOffset: UInt64
    let directories: [Directory]
    let sections: [PESection]
    /// Offsets from the start of the file: the optional header, its data directories, the end of the section table.
    let optionalOffset: Int
    let directoriesOffset: Int
    let endOffset: Int

    /// No linker of EFI images makes as many; the Windows loader has the same limit.
    private static let sectionLimit = 96

    init(parsing head: Span<UInt8>) throws(EFIError) {
        var reader = ByteReader(head)
        try Self.expect(0x5A4D, as: UInt16.self, "DOS magic", &reader)
        let newHeader: UInt32 = try parsing(.header) { () throws(ByteError) in
            try reader.skip(to: 0x3C)
            return try reader.integer()
        }
        guard newHeader >= 0x40 else {
            throw .value(.header, field: "e_lfanew", offset: 0x3C, value: UInt64(newHeader))
        }
        try parsing(.header) { () throws(ByteError) in try reader.skip(to: Int(newHeader)) }
        try Self.expect(0x0000_4550, as: UInt32.self, "PE signature", &reader)
        // IMAGE_FILE_HEADER, 20 bytes.
        var (count, optionalSize): (UInt16, UInt16) = (0, 0)
        var (symbols, symbolCount): (UInt32, UInt32) = (0, 0)
        machine = try parsing(.header) { () throws(ByteError) in
            let machine: UInt16 = try reader.integer()
            count = try reader.integer()
            try reader.skip(4)
            symbols = try reader.integer()
            symbolCount = try reader.integer()
            optionalSize = try reader.integer()
            try reader.skip(2)
            return machine
        }
        // A symbol has 18 bytes.
        stringTableOffset = symbols == 0 ? 0 : UInt64(symbols) + UInt64(symbolCount) * 18
        optionalOffset = reader.offset
        guard count > 0, count <= Self.sectionLimit else {
            throw .value(.header, field: "NumberOfSections", offset: Int(newHeader) + 6, value: UInt64(count))
        }
        let isWide = try Self.isWide(&reader)
        directoriesOffset = optionalOffset + (isWide ? 112 : 96)
        var directoryCount: UInt32 = 0
        (headerByteCount, subsystem) = try parsing(.header) {
            [optionalOffset, directoriesOffset] () throws(ByteError) in
            try reader.skip(to: optionalOffset + 60)
            let headerByteCount: UInt32 = try reader.integer()
            try reader.skip(to: optionalOffset + 68)
            let subsystem: UInt16 = try reader.integer()
            try reader.skip(to: directoriesOffset - 4)
            directoryCount = try reader.integer()
            return (headerByteCount, subsystem)
        }
        let fixed = isWide ? 112 : 96
        guard directoryCount <= 16, fixed + Int(directoryCount) * 8 <= Int(optionalSize) else {
            throw .value(
                .header, field: "NumberOfRvaAndSizes", offset: directoriesOffset - 4, value: UInt64(directoryCount))
        }
        directories = try parsing(.header) { () throws(ByteError) in
            var directories: [Directory] = []
            for _ in 0..<directoryCount {
                directories.append(Directory(address: try reader.integer(), size: try reader.integer()))
            }
            return directories
        }
        sections = try parsing(.section) { [optionalOffset] () throws(ByteError) in
            try reader.skip(to: optionalOffset + Int(optionalSize))
            var sections: [PESection] = []
            for number in 0..<Int(count) { sections.append(try Self.section(number, &reader)) }
            return sections
        }
        endOffset = reader.offset
    }

    /// IMAGE_SECTION_HEADER, 40 bytes.
    private static func section(_ number: Int, _ reader: inout ByteReader) throws(ByteError) -> PESection {
        let name = try reader.bytes(8)
        let virtualByteCount: UInt32 = try reader.integer()
        let virtualAddress: UInt32 = try reader.integer()
        let rawByteCount: UInt32 = try reader.integer()
        let rawOffset: UInt32 = try reader.integer()
        try reader.skip(16)
        // The sum of two 32-bit numbers fits in an Int.
        let start = rawByteCount > 0 ? Int(rawOffset) : 0
        return PESection(
            number: number, name: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self),
            virtualByteCount: Int(virtualByteCount), virtualAddress: virtualAddress,
            rawRange: start..<start + Int(rawByteCount))
    }

    /// The magic of the optional header: true for PE32+, false for PE32.
    private static func isWide(_ reader: inout ByteReader) throws(EFIError) -> Bool {
        let offset = reader.offset
        let magic: UInt16 = try parsing(.header) { () throws(ByteError) in try reader.integer() }
        guard magic == 0x10B || magic == 0x20B else {
            throw .value(.header, field: "optional header magic", offset: offset, value: UInt64(magic))
        }
        return magic == 0x20B
    }

    private static func expect<T: FixedWidthInteger & UnsignedInteger>(
        _ value: T, as: T.Type, _ field: String, _ reader: inout ByteReader
    ) throws(EFIError) {
        let offset = reader.offset
        let found: T = try parsing(.header) { () throws(ByteError) in try reader.integer() }
        guard found == value else { throw .value(.header, field: field, offset: offset, value: UInt64(found)) }
    }
}
