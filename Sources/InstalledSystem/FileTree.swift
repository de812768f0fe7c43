/// What a name in a file system stands for, links followed.
public enum FileKind: Equatable, Sendable {
    case file(byteCount: UInt64)
    case folder
    /// A device, pipe or socket: never opened.
    case other
}

/// What stands under a name itself: a link is not followed.
public struct FileEntry: Equatable, Sendable {
    public let isFolder: Bool
    /// Last change, in seconds since 1970; on FAT, which has no time zones, as if its clock were UTC.
    public let modified: Int64
}

/// One file system, or a folder that stands for one, read-only. Paths begin with `/` and never lead out of it.
protocol FileTree: AnyObject {
    /// nil where there is nothing of that name.
    func kind(of path: String) throws(InstalledSystemError) -> FileKind?
    /// As before, but links are followed only on the way; nil for the root, too, which has no name.
    func entry(at path: String) throws(InstalledSystemError) -> FileEntry?
    /// The names in a folder, in no order; nil where there is no folder.
    func names(in path: String) throws(InstalledSystemError) -> [String]?
    /// nil where there is no file.
    func open(_ path: String) throws(InstalledSystemError) -> (any FileContents)?
}

/// One open file.
protocol FileContents: AnyObject {
    var byteCount: UInt64 { get }
    /// Reads `count` bytes at `offset`, which lie within the file, into the front of `buffer`.
    func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8]) throws(InstalledSystemError)
}

enum FilePath {
    /// The path from the root of its volume, with one slash before each name.
    ///
    /// - Throws: `.name` for what C would cut off or Linux refuse.
    static func checked(_ path: String) throws(InstalledSystemError) -> String {
        guard path.utf8.count < 4096, !path.utf8.contains(0) else { throw .name(path) }
        return "/" + names(path).joined(separator: "/")
    }

    /// The names between the slashes.
    static func names(_ path: String) -> [String] {
        path.split(separator: "/").map(String.init).filter { $0 != "." }
    }
}
