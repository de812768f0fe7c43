internal import FileSystems

/// A FAT file system inside an image.
final class FATTree: FileTree {
    private let system: FATVolume<ImageRegion>
    private let region: ImageRegion
    private let volume: String

    init(_ region: ImageRegion, volume: String) throws(InstalledSystemError) {
        self.region = region
        self.volume = volume
        system = try Self.reading(volume) { () throws(Failure) in try FATVolume(region) }
    }

    var identifier: String { system.identifier }
    func label() throws(InstalledSystemError) -> String? {
        try Self.reading(volume) { () throws(Failure) in try system.label() }
    }

    func kind(of path: String) throws(InstalledSystemError) -> FileKind? {
        guard let names = FATPath.names(path) else { return nil }
        guard !names.isEmpty else { return .folder }
        return try entry(at: names).map { $0.isFolder ? .folder : .file(byteCount: UInt64($0.byteCount)) }
    }

    func entry(at path: String) throws(InstalledSystemError) -> FileEntry? {
        guard let names = FATPath.names(path) else { return nil }
        return try entry(at: names).map { FileEntry(isFolder: $0.isFolder, modified: $0.modified) }
    }

    func names(in path: String) throws(InstalledSystemError) -> [String]? {
        guard let names = FATPath.names(path) else { return nil }
        return try Self.reading(volume) { () throws(Failure) in try system.entries(at: names) }?.map { $0.name }
    }

    func open(_ path: String) throws(InstalledSystemError) -> (any FileContents)? {
        guard let names = FATPath.names(path), let entry = try entry(at: names), !entry.isFolder else { return nil }
        let extents = try Self.reading(volume) { () throws(Failure) in try system.extents(of: entry) }
        return FATFile(region, extents, byteCount: UInt64(entry.byteCount))
    }

    private func entry(at names: [String]) throws(InstalledSystemError) -> FATEntry? {
        try Self.reading(volume) { () throws(Failure) in try system.entry(at: names) }
    }

    private typealias Failure = FATFailure<InstalledSystemError>

    private static func reading<Value>(
        _ volume: String, _ body: () throws(Failure) -> Value
    ) throws(InstalledSystemError) -> Value {
        do throws(Failure) { return try body() } catch {
            switch error {
            case .source(let error): throw error
            case .format(let error): throw .fat(volume: volume, error)
            }
        }
    }
}

private final class FATFile: FileContents {
    private let region: ImageRegion
    private let extents: [Range<UInt64>]
    let byteCount: UInt64

    init(_ region: ImageRegion, _ extents: [Range<UInt64>], byteCount: UInt64) {
        self.region = region
        self.extents = extents
        self.byteCount = byteCount
    }

    func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8]) throws(InstalledSystemError) {
        var (start, done) = (UInt64(0), 0)
        for extent in extents where done < count {
            let length = UInt64(extent.count)
            let wanted = offset + UInt64(done)
            if wanted < start + length {
                let piece = min(count - done, Int(start + length - wanted))
                let bytes = try region.read(piece, at: extent.lowerBound + (wanted - start))
                buffer.replaceSubrange(done..<done + piece, with: bytes)
                done += piece
            }
            start += length
        }
    }
}
