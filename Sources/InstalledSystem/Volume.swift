public import Cryptography

/// One file system of an installed system, read-only.
///
/// Paths begin at its root, with `/` between names. Symbolic links are followed inside it.
public struct Volume {
    /// For messages, such as `disk.raw partition 2` or `/boot`.
    public let name: String
    /// What GRUB calls its partition, such as `hd0,gpt2`; nil where nothing tells.
    public let device: String?
    /// UUID or FAT serial number, and label, as blkid and GRUB write them; nil where nothing tells, and empty where the
    /// file system has none.
    public let identifier: String?
    public let label: String?
    /// The file system is FAT: names compare without regard to the case of ASCII letters.
    public let ignoresCase: Bool
    let tree: any FileTree
    let known = KnownDigests()

    public func kind(of path: String) throws(InstalledSystemError) -> FileKind? {
        try tree.kind(of: FilePath.checked(path))
    }

    /// What stands under the name itself, where `kind` says what it leads to.
    public func entry(at path: String) throws(InstalledSystemError) -> FileEntry? {
        try tree.entry(at: FilePath.checked(path))
    }

    /// The names in a folder, sorted by their bytes; nil where there is no folder.
    public func names(in folder: String) throws(InstalledSystemError) -> [String]? {
        try tree.names(in: FilePath.checked(folder))?.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Opens a file; a folder or nothing at all is an error.
    public func open(_ path: String) throws(InstalledSystemError) -> VolumeFile {
        let path = try FilePath.checked(path)
        guard let contents = try tree.open(path) else {
            throw try tree.kind(of: path) == nil
                ? .missing(volume: name, path: path) : .wrongKind(volume: name, path: path)
        }
        guard contents.byteCount <= VolumeFile.longest else {
            throw .tooLarge(volume: name, path: path, byteCount: contents.byteCount, limit: VolumeFile.longest)
        }
        return VolumeFile(volume: name, path: path, contents: contents)
    }

    /// Reads a whole file of at most `limit` bytes.
    public func read(_ path: String, limit: Int) throws(InstalledSystemError) -> [UInt8] {
        try open(path).readAll(limit: limit)
    }

    /// The digests of a whole file, which is read once, however often it is asked for, and block by block.
    public func digests(
        of path: String, _ algorithms: [DigestAlgorithm]
    ) throws(InstalledSystemError) -> [[UInt8]] {
        try known.digests(of: .file(path), algorithms) { (missing) throws(InstalledSystemError) in
            try open(path).digests(missing)
        }
    }
}
