/// A FAT12, FAT16 or FAT32 file system, read-only.
///
/// Every chain of clusters is followed to its end before a byte of it is used, and none is longer than the volume.
public struct FATVolume<Source: VolumeSource> {
    public typealias Failure = FATFailure<Source.Failure>

    private let source: Source
    private let layout: FATBootSector
    /// The first allocation table.
    private let table: [UInt8]

    /// The longest folder that is read, in bytes: 65536 entries, all that a folder may have.
    private static var longestFolder: Int { 65536 * 32 }

    public init(_ source: Source) throws(Failure) {
        self.source = source
        let length = UInt64(FATBootSector.byteCount)
        guard source.byteCount >= length else {
            throw .format(.cut(needed: length, available: source.byteCount))
        }
        let sector = try Self.reading { () throws(Source.Failure) in try source.read(Int(length), at: 0) }
        do throws(FATError) {
            layout = try FATBootSector(parsing: sector, volumeByteCount: source.byteCount)
        } catch { throw .format(error) }
        table = try Self.reading { [layout] () throws(Source.Failure) in
            try source.read(layout.tableByteCount, at: layout.tableOffset)
        }
    }

    /// The serial number as blkid and GRUB write it, such as `5EA1-2007`.
    public var identifier: String {
        let digits = String(layout.serialNumber, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: 8 - digits.count) + digits
        return padded.prefix(4) + "-" + padded.suffix(4)
    }

    /// The label in the root folder; nil where there is none.
    public func label() throws(Failure) -> String? { FATFolder(parsing: try rootBytes()).label }

    /// The entry that the names lead to, without regard to the case of ASCII letters; nil where there is none.
    /// No names at all are the root, which has no entry either.
    public func entry(at names: [String]) throws(Failure) -> FATEntry? {
        guard let last = names.last else { return nil }
        return try entries(at: names.dropLast())?.first { $0.isNamed(last) }
    }

    /// What the folder holds that the names lead to; nil where there is none.
    public func entries(at names: some Sequence<String>) throws(Failure) -> [FATEntry]? {
        var folder = FATFolder(parsing: try rootBytes())
        for name in names {
            guard let entry = folder.entries.first(where: { $0.isNamed(name) }), entry.isFolder else { return nil }
            folder = FATFolder(parsing: try folderBytes(entry.firstCluster))
        }
        return folder.entries
    }

    /// Where the bytes of a file lie: ranges of the volume, together as long as the file.
    public func extents(of entry: FATEntry) throws(Failure) -> [Range<UInt64>] {
        guard entry.byteCount > 0 else { return [] }
        var left = UInt64(entry.byteCount)
        var extents: [Range<UInt64>] = []
        for cluster in try chain(from: entry.firstCluster, longest: Int(layout.clusterCount)) where left > 0 {
            let start = offset(of: cluster)
            let count = min(left, UInt64(layout.clusterBytes))
            if let last = extents.last, last.upperBound == start {
                extents[extents.count - 1] = last.lowerBound..<start + count
            } else {
                extents.append(start..<start + count)
            }
            left -= count
        }
        guard left == 0 else {
            throw .format(.shortFile(start: entry.firstCluster, byteCount: entry.byteCount))
        }
        return extents
    }

    /// The first `limit` bytes of a file, or all of them where there are fewer.
    public func read(_ entry: FATEntry, limit: Int = .max) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        for extent in try extents(of: entry) where bytes.count < limit {
            bytes += try Self.reading { [count = bytes.count] () throws(Source.Failure) in
                try source.read(min(extent.count, limit - count), at: extent.lowerBound)
            }
        }
        return bytes
    }

    private func rootBytes() throws(Failure) -> [UInt8] {
        guard layout.width != .thirtyTwo else { return try folderBytes(layout.rootCluster) }
        return try Self.reading { () throws(Source.Failure) in
            try source.read(layout.rootRange.count, at: layout.rootRange.lowerBound)
        }
    }

    private func folderBytes(_ start: UInt32) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        for cluster in try chain(from: start, longest: Self.longestFolder / layout.clusterBytes) {
            bytes += try Self.reading { () throws(Source.Failure) in
                try source.read(layout.clusterBytes, at: offset(of: cluster))
            }
        }
        return bytes
    }

    private func offset(of cluster: UInt32) -> UInt64 {
        layout.dataOffset + UInt64(cluster - 2) * UInt64(layout.clusterBytes)
    }

    /// All clusters of a file or folder, at most `longest`.
    private func chain(from start: UInt32, longest: Int) throws(Failure) -> [UInt32] {
        var clusters: [UInt32] = []
        var cluster = start
        while !isEnd(cluster) {
            guard cluster >= 2, cluster - 2 < layout.clusterCount else {
                throw .format(.chain(start: start, cluster: cluster))
            }
            guard clusters.count < longest else { throw .format(.endless(start: start)) }
            clusters.append(cluster)
            cluster = next(after: cluster)
        }
        return clusters
    }

    private func next(after cluster: UInt32) -> UInt32 {
        let index = Int(cluster)
        func byte(_ offset: Int) -> UInt32 { UInt32(table[offset]) }
        switch layout.width {
        case .twelve:
            let offset = index + index / 2
            let pair = byte(offset) | byte(offset + 1) << 8
            return index % 2 == 0 ? pair & 0xFFF : pair >> 4
        case .sixteen: return byte(2 * index) | byte(2 * index + 1) << 8
        case .thirtyTwo:
            // The upper four bits are reserved.
            let offset = 4 * index
            return (byte(offset) | byte(offset + 1) << 8 | byte(offset + 2) << 16 | byte(offset + 3) << 24)
                & 0x0FFF_FFFF
        }
    }

    private func isEnd(_ cluster: UInt32) -> Bool {
        switch layout.width {
        case .twelve: cluster >= 0xFF8
        case .sixteen: cluster >= 0xFFF8
        case .thirtyTwo: cluster >= 0x0FFF_FFF8
        }
    }

    private static func reading<Value>(
        _ body: () throws(Source.Failure) -> Value
    ) throws(Failure) -> Value {
        do throws(Source.Failure) { return try body() } catch { throw .source(error) }
    }
}

extension FATVolume: Sendable where Source: Sendable {}
