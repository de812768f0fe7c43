internal import BoundedBytes

/// One file or folder of a FAT file system.
public struct FATEntry: Equatable, Sendable {
    /// The long name where there is one. Untrusted.
    public let name: String
    /// The name of eight and three characters, by which the file is found as well.
    let shortName: String
    public let isFolder: Bool
    /// Length of a file, in bytes.
    public let byteCount: UInt32
    let firstCluster: UInt32
    /// Last change, in seconds since 1970 if the file system's clock were UTC; it counts in steps of two.
    public let modified: Int64

    func isNamed(_ wanted: String) -> Bool { Self.areEqual(name, wanted) || Self.areEqual(shortName, wanted) }

    /// The case of ASCII letters makes no other name, for GRUB as for the firmware.
    public static func areEqual(_ one: String, _ other: String) -> Bool {
        one.lowercasedASCII == other.lowercasedASCII
    }
}

/// The entries of a folder, out of its bytes.
///
/// Source: Microsoft, "FAT: General Overview of On-Disk Format", 1.03, "FAT Directory Structure" and "FAT Long
/// Directory Entries".
struct FATFolder {
    private(set) var entries: [FATEntry] = []
    /// The volume's label, which only the root has.
    private(set) var label: String?

    private static let entryBytes = 32
    private static let readOnlyHiddenSystemVolume: UInt8 = 0x0F

    init(parsing bytes: [UInt8]) {
        var parts = LongName()
        for start in stride(from: 0, through: bytes.count - Self.entryBytes, by: Self.entryBytes) {
            let entry = Array(bytes[start..<start + Self.entryBytes])
            guard entry[0] != 0 else { return }
            guard entry[0] != 0xE5 else {
                parts = LongName()
                continue
            }
            let attributes = entry[11]
            if attributes & 0x3F == Self.readOnlyHiddenSystemVolume {
                parts.add(entry)
                continue
            }
            if attributes & 0x08 == 0 {
                add(entry, longName: parts.text(for: entry))
            } else if label == nil {
                label = Self.text(entry[0..<11])
            }
            parts = LongName()
        }
    }

    private mutating func add(_ entry: [UInt8], longName: String?) {
        var short = entry
        // 0xE5 would mark a deleted entry, so a name that begins with it has 5 there.
        if short[0] == 0x05 { short[0] = 0xE5 }
        // Windows NT and Linux: the base or the extension is in lower case.
        var base = Self.text(short[0..<8])
        var end = Self.text(short[8..<11])
        if entry[12] & 0x08 != 0 { base = base.lowercasedASCII }
        if entry[12] & 0x10 != 0 { end = end.lowercasedASCII }
        let name = end.isEmpty ? base : base + "." + end
        guard name != ".", name != ".." else { return }
        func number(_ offset: Int, _ count: Int) -> UInt32 {
            (0..<count).reversed().reduce(0) { $0 << 8 | UInt32(entry[offset + $1]) }
        }
        entries.append(
            FATEntry(
                name: longName ?? name, shortName: name, isFolder: entry[11] & 0x10 != 0, byteCount: number(28, 4),
                firstCluster: number(20, 2) << 16 | number(26, 2),
                modified: Self.seconds(date: Int64(number(24, 2)), time: Int64(number(22, 2)))))
    }

    /// Bits 0 to 4 of the date are the day, 5 to 8 the month, the rest years since 1980; of the time pairs of seconds,
    /// minutes from bit 5 and hours from bit 11.
    private static func seconds(date: Int64, time: Int64) -> Int64 {
        let (year, month, day) = (1980 + (date >> 9), date >> 5 & 15, date & 31)
        // Days since 1970, with years that begin in March, so that the leap day is their last.
        let shifted = month > 2 ? year : year - 1
        let inYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + inYear - 719_468
        return days * 86400 + (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2
    }

    /// Characters of the old name, without the spaces behind them.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        let end = bytes.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? bytes.startIndex
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}

/// The pieces of a long name: they lie before their entry, the last one first.
private struct LongName {
    private var units: [UInt16] = []
    /// The number that the next piece must have; 0 when all are there.
    private var next: UInt8?
    private var checksum: UInt8 = 0

    mutating func add(_ entry: [UInt8]) {
        let isLast = entry[0] & 0x40 != 0
        let number = entry[0] & 0x3F
        // Twenty pieces make 255 units and a NUL.
        guard (1...20).contains(number), isLast || (next == number && checksum == entry[13]) else {
            self = LongName()
            return
        }
        if isLast { units = [] }
        checksum = entry[13]
        let piece = [1...10, 14...25, 28...31].flatMap { range in
            stride(from: range.lowerBound, to: range.upperBound, by: 2).map {
                UInt16(entry[$0]) | UInt16(entry[$0 + 1]) << 8
            }
        }
        units = piece + units
        next = number - 1
    }

    /// The name, where all pieces are there and belong to this entry.
    func text(for entry: [UInt8]) -> String? {
        let sum = entry[0..<11].reduce(UInt8(0)) { ($0 >> 1 | $0 << 7) &+ $1 }
        guard next == 0, sum == checksum else { return nil }
        return String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
    }
}
