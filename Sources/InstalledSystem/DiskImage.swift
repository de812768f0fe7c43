internal import CLinux
internal import FileSystems
internal import InitramfsRuntime
internal import PartitionTable

/// A raw disk image, or a whole disk, open for reading.
final class DiskImage {
    private let file: FileDescriptor
    let path: String
    let byteCount: UInt64

    /// Opens `path`; a program that writes the image and says so with a lock keeps us out.
    init(_ path: String) throws(InstalledSystemError) {
        let file = try files { () throws(FileError) in try FileDescriptor.open(readingAt: path) }
        let isBlock = try files { () throws(FileError) in try file.deviceNumber } != "0:0"
        let isFile = try files { () throws(FileError) in try file.kind } == .file
        guard isFile || isBlock else { throw .notImage(path) }
        guard isBlock || flock(file.rawValue, LOCK_SH | LOCK_NB) == 0 else { throw .inUse(path) }
        byteCount = try files { () throws(FileError) in try file.byteCount }
        self.file = file
        self.path = path
    }

    /// The very file that is open, whatever its name stands for by now.
    var descriptorPath: String { "/proc/self/fd/" + String(file.rawValue) }

    /// Both copies of the partition table, which must agree.
    func readTable() throws(InstalledSystemError) -> PartitionTable {
        do throws(PartitionTableFailure<InstalledSystemError>) {
            return try PartitionTable.read(byteCount: byteCount) { (count, offset) throws(InstalledSystemError) in
                try read(Int(count), at: offset)
            }
        } catch {
            switch error {
            case .source(let error): throw error
            case .table(let error): throw .table(error)
            }
        }
    }

    func read(_ count: Int, at offset: UInt64) throws(InstalledSystemError) -> [UInt8] {
        do throws(FileError) { return try file.read(count, at: offset) } catch { throw .file(error) }
    }
}

/// One partition of an image.
struct ImageRegion: VolumeSource {
    let image: DiskImage
    /// In bytes from the start of the image.
    let offset: UInt64
    let byteCount: UInt64

    func read(_ count: Int, at offset: UInt64) throws(InstalledSystemError) -> [UInt8] {
        try image.read(count, at: self.offset + offset)
    }

    func content() throws(InstalledSystemError) -> PartitionContent {
        PartitionContent(probing: try read(Int(min(UInt64(PartitionContent.probeByteCount), byteCount)), at: 0))
    }
}
