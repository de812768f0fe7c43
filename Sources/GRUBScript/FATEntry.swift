/// One file or directory in a FAT directory: 32 bytes, with its long name in the entries before it.
struct FATEntry {
    let isDirectory: Bool
    let cluster: Int
    let size: Int
    /// UTF-8 of the long name, else of the short one.
    private let name: [UInt8]

    func isNamed(_ other: some Sequence<UInt8>) -> Bool { name.map(\.lowered).elementsEqual(other.map(\.lowered)) }

    static func entries(in directory: ArraySlice<UInt8>) -> [FATEntry] {
        var entries: [FATEntry] = []
        var long: [UInt16] = []
        for start in stride(from: directory.startIndex, to: directory.endIndex - 31, by: 32) {
            let record = Array(directory[start..<start + 32])
            if record[0] == 0 { break }
            if record[0] == 0xE5 {
                long = []
            } else if record[11] == 0x0F {
                // Parts come last first; the last one has bit 6 set.
                if record[0] & 0x40 != 0 || long.count > 255 { long = [] }
                long = units(of: record) + long
            } else {
                if record[11] & 0x08 == 0 { entries.append(FATEntry(record, long: long)) }
                long = []
            }
        }
        return entries
    }

    private init(_ record: [UInt8], long: [UInt16]) {
        func number(_ at: Int) -> Int { Int(record[at]) | Int(record[at + 1]) << 8 }
        isDirectory = record[11] & 0x10 != 0
        cluster = number(26)
        size = number(28) | number(30) << 16
        let base = record[0..<8].reversed().drop { $0 == 0x20 }.reversed()
        let suffix = record[8..<11].prefix { $0 != 0x20 }
        let short = base + (suffix.isEmpty ? [] : [0x2E] + suffix)
        name = long.isEmpty ? Array(short) : Array(String(decoding: long, as: UTF16.self).utf8)
    }

    private static func units(of record: [UInt8]) -> [UInt16] {
        let places = Array(stride(from: 1, to: 11, by: 2)) + stride(from: 14, to: 26, by: 2) + [28, 30]
        return places.map { UInt16(record[$0]) | UInt16(record[$0 + 1]) << 8 }.prefix { $0 != 0 && $0 != 0xFFFF }
    }
}
