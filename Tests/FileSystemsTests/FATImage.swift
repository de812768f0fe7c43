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

    var volume: FATVolume<FATBytes> {
        get throws { try FATVolume(FATBytes(bytes: bytes)) }
    }

    mutating func overwrite(_ new: [UInt8], at offset: Int) {
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }

    mutating func cut(to count: Int) { bytes.removeLast(bytes.count - count) }

    /// The contents of a file, by our reader.
    func contents(_ names: [String]) throws -> [UInt8]? {
        let volume = try volume
        guard let entry = try volume.entry(at: names) else { return nil }
        return try volume.extents(of: entry).flatMap { bytes[Int($0.lowerBound)..<Int($0.upperBound)] }
    }
}

/// A volume in memory.
struct FATBytes: VolumeSource {
    struct OutOfBounds: Error {}

    let bytes: [UInt8]
    var byteCount: UInt64 { UInt64(bytes.count) }

    func read(_ count: Int, at offset: UInt64) throws(OutOfBounds) -> [UInt8] {
        guard offset + UInt64(count) <= byteCount else { throw OutOfBounds() }
        return Array(bytes[Int(offset)..<Int(offset) + count])
    }
}
