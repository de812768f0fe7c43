internal import BoundedBytes

/// The small FAT12 or FAT16 file system that Debian builds into its GRUB image, read only.
///
/// Names compare without regard to the case of ASCII letters, as GRUB compares them. Source: Microsoft, "FAT: General
/// Overview of On-Disk Format" 1.03; integers are little-endian.
public struct FATVolume: Sendable {
    private let bytes: [UInt8]
    private let clusterBytes: Int
    private let tableOffset: Int
    private let rootOffset: Int
    private let rootEntries: Int
    private let dataOffset: Int
    private let clusterCount: Int
    private var is12Bit: Bool { clusterCount < 4085 }

    public init(parsing bytes: [UInt8]) throws(GRUBImageError) {
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            try reader.skip(to: 11)
            let sector = Int(try reader.integer(UInt16.self))  // 11
            let sectorsPerCluster = Int(try reader.integer(UInt8.self))  // 13
            let reserved = Int(try reader.integer(UInt16.self))  // 14
            let tables = Int(try reader.integer(UInt8.self))  // 16
            rootEntries = Int(try reader.integer(UInt16.self))  // 17
            let few = Int(try reader.integer(UInt16.self))  // 19
            try reader.skip(to: 22)
            let tableSectors = Int(try reader.integer(UInt16.self))  // 22
            try reader.skip(to: 32)
            let many = Int(try reader.integer(UInt32.self))  // 32
            self.bytes = bytes
            clusterBytes = sector * sectorsPerCluster
            tableOffset = reserved * sector
            rootOffset = tableOffset + tables * tableSectors * sector
            dataOffset = rootOffset + rootEntries * 32
            let size = min((few != 0 ? few : many) * sector, bytes.count)
            clusterCount = clusterBytes == 0 ? 0 : max(0, size - dataOffset) / clusterBytes
            try reader.skip(to: dataOffset)
        } catch {
            throw .memdisk(what: error.description)
        }
        guard clusterBytes > 0, rootEntries > 0, clusterCount > 0, clusterCount < 65525 else {
            throw .memdisk(what: "neither FAT12 nor FAT16")
        }
        let tableBytes = is12Bit ? (clusterCount + 2) * 3 / 2 + 1 : (clusterCount + 2) * 2
        guard tableBytes <= rootOffset - tableOffset else { throw .memdisk(what: "a table that is too short") }
    }

    /// The bytes of the file at `path`; nil where there is none, or where its chain of clusters is broken.
    public func file(at path: String) -> [UInt8]? {
        guard let found = entry(at: path), !found.isDirectory, let content = chain(from: found.cluster, found.size)
        else { return nil }
        return content.count >= found.size ? Array(content.prefix(found.size)) : nil
    }

    /// Whether `path` is a directory; nil where nothing lies there.
    func isDirectory(at path: String) -> Bool? {
        path.allSatisfy { $0 == "/" } ? true : entry(at: path)?.isDirectory
    }

    private func entry(at path: String) -> FATEntry? {
        var directory = bytes[rootOffset..<dataOffset]
        var found: FATEntry?
        for part in path.utf8.split(separator: 0x2F) {
            if let folder = found {
                guard folder.isDirectory, let content = chain(from: folder.cluster, .max) else { return nil }
                directory = content[...]
            }
            found = FATEntry.entries(in: directory).first { $0.isNamed(part) }
            if found == nil { return nil }
        }
        return found
    }

    /// The clusters from `first` on, until there are `size` bytes or the chain ends.
    private func chain(from first: Int, _ size: Int) -> [UInt8]? {
        var content: [UInt8] = []
        var cluster = first
        // A chain that visits more clusters than there are runs in a circle.
        for _ in 0...clusterCount where content.count < size {
            guard cluster >= 2, cluster < clusterCount + 2 else {
                return cluster == 0 || isEnd(cluster) ? content : nil
            }
            let start = dataOffset + (cluster - 2) * clusterBytes
            content += bytes[start..<start + clusterBytes]
            cluster = next(after: cluster)
        }
        return content.count >= size ? content : nil
    }

    private func isEnd(_ cluster: Int) -> Bool { cluster >= (is12Bit ? 0xFF8 : 0xFFF8) }

    private func next(after cluster: Int) -> Int {
        let at = tableOffset + (is12Bit ? cluster + cluster / 2 : cluster * 2)
        let pair = Int(bytes[at]) | Int(bytes[at + 1]) << 8
        guard is12Bit else { return pair }
        return cluster % 2 == 0 ? pair & 0xFFF : pair >> 4
    }
}
