internal import FileSystems
internal import InitramfsRuntime
internal import Secrets

/// A device that a recovery key lies on. The key goes from there into locked memory, and nowhere else.
enum RecoveryDevice {
    /// The first line of the device; with `path`, the whole of that file of the device's FAT file system.
    static func read(_ device: String, _ path: String?, timeoutSeconds: Int) throws(RecoveryError) -> SecretBytes {
        guard PathWaiter.wait(for: device, milliseconds: Int64(timeoutSeconds) * 1000) else {
            throw .deviceMissing(device, seconds: timeoutSeconds)
        }
        let volume = try rethrow(as: RecoveryError.file) { () throws(FileError) in try DeviceVolume(device) }
        guard let path else {
            return try rethrow(as: RecoveryError.file) { () throws(FileError) in try volume.firstLine() }
        }
        let extents = try extents(of: path, on: volume)
        return try rethrow(as: RecoveryError.file) { () throws(FileError) in try volume.secret(in: extents) }
    }

    private static func extents(of path: String, on source: DeviceVolume) throws(RecoveryError) -> [Range<UInt64>] {
        do throws(FATFailure<FileError>) {
            let volume = try FATVolume(source)
            if let names = FATPath.names(path), let entry = try volume.entry(at: names), !entry.isFolder {
                return try volume.extents(of: entry)
            }
        } catch {
            switch error {
            case .source(let error): throw .file(error)
            case .format(let error): throw .fileSystem(error)
            }
        }
        throw .noSuchFile(path)
    }
}

/// A device as the reader of file systems wants it.
private final class DeviceVolume: VolumeSource {
    private let file: FileDescriptor
    let byteCount: UInt64

    init(_ path: String) throws(FileError) {
        file = try FileDescriptor.open(readingAt: path)
        byteCount = try file.byteCount
    }

    func read(_ count: Int, at offset: UInt64) throws(FileError) -> [UInt8] { try file.read(count, at: offset) }

    func firstLine() throws(FileError) -> SecretBytes { try SecretInput.read(file, until: .endOfLine) }

    func secret(in extents: [Range<UInt64>]) throws(FileError) -> SecretBytes {
        try SecretInput.read(extents, of: file)
    }
}
