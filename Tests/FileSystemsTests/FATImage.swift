import TestSupport

@testable import FileSystems

/// A FAT file system that dosfstools made and mtools filled.
struct FATImage {
    let scratch: Scratch
    private(set) var bytes: [UInt8]

    /// - Parameter width: bits of a table entry, for mkfs.
    init(width: Int, kibibytes: Int, clusterSectors: Int = 1, script: String = "") throws {
        scratch = try Scratch()
        try scratch.shell(
            """
            mkfs.vfat --invariant -F \(width) -s \(clusterSectors) -i 1A2B3C4D -n "MY ESP" -C fat \(kibibytes) >/dev/null
            \(script)
            """)
        bytes = try scratch.bytes("fat")
    }

    var volume: FATVolume<MemoryVolume> {
        get throws { try FATVolume(MemoryVolume(bytes)) }
    }

    mutating func overwrite(_ new: [UInt8], at offset: Int) {
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }

    mutating func cut(to count: Int) { bytes.removeLast(bytes.count - count) }

    /// The contents of a file, by our reader.
    func contents(_ names: [String], limit: Int = .max) throws -> [UInt8]? {
        let volume = try volume
        guard let entry = try volume.entry(at: names) else { return nil }
        return try volume.read(entry, limit: limit)
    }
}
