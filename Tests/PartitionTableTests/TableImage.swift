import BoundedBytes
import TestSupport

@testable import PartitionTable

/// An image whose table fdisk made, and fdisk's own view of it (of util-linux, as Debian has it).
struct TableImage {
    static let mebibytes = 24
    let scratch: Scratch
    let sectorBytes: Int

    /// Three partitions: 1 MiB, 4 MiB, and, after a gap of 3 MiB, 8 MiB.
    init(sectorBytes: Int = 512) throws {
        scratch = try Scratch()
        self.sectorBytes = sectorBytes
        try scratch.shell(
            """
            truncate -s \(Self.mebibytes)M image
            cat > table <<'TABLE'
            label: gpt
            start=1MiB, size=1MiB, type=U, name="EFI System"
            size=4MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name="root"
            start=9MiB, size=8MiB, type=L, name="data 3"
            TABLE
            printf 'I\\ntable\\nw\\n' | fdisk -b \(sectorBytes) image >/dev/null 2>&1
            """)
    }

    func bytes() throws -> [UInt8] { try scratch.bytes("image") }

    /// One line of fdisk's dump; the GUIDs as it writes them, in capitals.
    struct Entry: Equatable {
        let start, size: UInt64
        let type, uuid, name: String
    }

    /// The values that fdisk prints as `label: value`, and the partitions.
    func dump() throws -> (values: [String: String], entries: [Entry]) {
        let text = try scratch.shell(
            "rm -f dump; printf 'O\\ndump\\nq\\n' | fdisk -b \(sectorBytes) image >/dev/null 2>&1; cat dump")
        var values: [String: String] = [:]
        var entries: [Entry] = []
        for line in text.split(separator: "\n") {
            let shape = /start= *(\d+), size= *(\d+), type=([^,]+), uuid=([^,]+), name="(.*)"/
            if let match = try shape.firstMatch(in: line), let start = UInt64(match.1), let size = UInt64(match.2) {
                entries.append(
                    Entry(start: start, size: size, type: String(match.3), uuid: String(match.4), name: String(match.5))
                )
            } else if let colon = line.firstIndex(of: ":") {
                values[String(line[..<colon])] = String(line[colon...].dropFirst(2))
            }
        }
        return (values, entries)
    }

    /// What fdisk's own check says.
    func verdict() throws -> String {
        try scratch.shell("printf 'v\\nq\\n' | fdisk -b \(sectorBytes) image 2>&1")
    }
}

extension TableImage.Entry {
    init(_ partition: Partition) {
        self.init(
            start: partition.firstLBA, size: partition.sectorCount, type: partition.typeGUID.description.uppercased(),
            uuid: partition.uniqueGUID.description.uppercased(), name: partition.name)
    }
}

extension PartitionTable {
    /// Reads the table of a whole image in memory, as a caller does from a file.
    init(image: [UInt8]) throws(PartitionTableError) {
        let size = try PartitionTable.sectorBytes(inHead: Array(image.prefix(8192)))
        let count = UInt64(image.count / size)
        func slice(_ offset: UInt64, _ length: Int) -> [UInt8] {
            guard offset <= UInt64(image.count) else { return [] }
            return Array(image[Int(offset)...].prefix(length))
        }
        let primary = try PartitionTableHeader(
            parsing: slice(UInt64(size), size), copy: .primary, at: 1, sectorCount: count)
        let backup = try PartitionTableHeader(
            parsing: slice(primary.alternateOffset, size), copy: .backup, at: primary.alternateLBA, sectorCount: count)
        try self.init(
            primary: primary, entries: slice(primary.entriesOffset, primary.entriesByteCount), backup: backup,
            backupEntries: slice(backup.entriesOffset, backup.entriesByteCount))
    }
}
