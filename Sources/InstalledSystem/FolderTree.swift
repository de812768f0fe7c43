internal import CLinux
internal import FileSystems
internal import InitramfsRuntime

/// A folder of the running system that stands for a file system. Links are resolved inside it, by the kernel.
final class FolderTree: FileTree {
    private let root: FileDescriptor
    /// As on FAT: the folder may be a copy of an EFI system partition on another file system.
    let ignoresCase: Bool

    init(_ root: consuming FileDescriptor, ignoresCase: Bool) {
        self.root = root
        self.ignoresCase = ignoresCase
    }

    func kind(of path: String) throws(InstalledSystemError) -> FileKind? {
        guard let found = try find(path) else { return nil }
        return try files { () throws(FileError) in
            switch try found.kind {
            case .file: .file(byteCount: try found.byteCount)
            case .folder: .folder
            case .other: .other
            }
        }
    }

    func entry(at path: String) throws(InstalledSystemError) -> FileEntry? {
        guard path != "/", let path = try ignoresCase ? spelled(path) : path else { return nil }
        do throws(FileError) {
            let found = try root.open(inside: path, followsLink: false)
            return FileEntry(isFolder: try found.kind == .folder, modified: try found.modified)
        } catch {
            guard error.isMissing || error.errno == ENOTDIR else { throw .file(error) }
            return nil
        }
    }

    func names(in path: String) throws(InstalledSystemError) -> [String]? {
        guard let found = try find(path) else { return nil }
        return try files { () throws(FileError) in try found.kind == .folder ? try found.names() : nil }
    }

    func open(_ path: String) throws(InstalledSystemError) -> (any FileContents)? {
        guard let found = try find(path) else { return nil }
        guard case .file = try files({ () throws(FileError) in try found.kind }) else { return nil }
        let byteCount = try files { () throws(FileError) in try found.byteCount }
        return OpenFile(found, byteCount: byteCount)
    }

    private func find(_ path: String) throws(InstalledSystemError) -> FileDescriptor? {
        let path = try ignoresCase ? spelled(path) : path
        guard let path else { return nil }
        do throws(FileError) { return try root.open(inside: path) } catch {
            // A socket, a device without a driver: there is something, and no boot program reads it.
            guard error.isMissing || error.errno == ENOTDIR else { throw .file(error) }
            return nil
        }
    }

    /// The path as its names are spelled here; the exact spelling wins.
    private func spelled(_ path: String) throws(InstalledSystemError) -> String? {
        var spelled = ""
        for name in FilePath.names(path) {
            let names = try files { () throws(FileError) in
                let folder = try root.open(inside: spelled.isEmpty ? "/" : spelled)
                return try folder.kind == .folder ? folder.names() : []
            }
            let found =
                names.contains(name)
                ? name : names.first { FATEntry.areEqual($0, name) }
            guard let found else { return nil }
            spelled += "/" + found
        }
        return spelled.isEmpty ? "/" : spelled
    }

    private final class OpenFile: FileContents {
        private let file: FileDescriptor
        let byteCount: UInt64

        init(_ file: consuming FileDescriptor, byteCount: UInt64) {
            self.file = file
            self.byteCount = byteCount
        }

        func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8]) throws(InstalledSystemError) {
            do throws(FileError) { try file.read(count, at: offset, into: &buffer) } catch { throw .file(error) }
        }
    }
}
