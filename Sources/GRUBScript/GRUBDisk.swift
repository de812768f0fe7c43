/// The disks as GRUB's own drivers see them. Whoever implements it chooses where the bytes come from: an image, block
/// devices or the root folder of a running system.
///
/// Paths begin with `/` and are relative to the file system; symbolic links in all but the last part are followed.
/// What cannot be read must be an error and never an absent file: a prediction would silently go wrong.
public protocol GRUBDisk {
    associatedtype Failure: Error

    /// Every disk and partition that GRUB can name, each disk before its partitions and these in the order of the
    /// partition table. A name that is not among them does not exist.
    var devices: [GRUBDevice] { get }

    /// What lies at `path`, where a symbolic link in the last part is not followed; nil where nothing does.
    func entry(at path: String, on device: GRUBDevice) throws(Failure) -> GRUBDirectoryEntry?

    /// The size in bytes of the regular file that `path` leads to, links followed; nil where it leads to none.
    func fileSize(at path: String, on device: GRUBDevice) throws(Failure) -> Int?

    /// The first `limit` bytes, or all of them where there are fewer, of the regular file that `path` leads to.
    func read(_ path: String, on device: GRUBDevice, limit: Int) throws(Failure) -> [UInt8]

    /// The names in a directory in any order, without `.` and `..`; nil where `path` leads to no directory.
    func names(in path: String, on device: GRUBDevice) throws(Failure) -> [String]?
}

/// A disk or partition.
public struct GRUBDevice: Hashable, Sendable {
    /// As GRUB names it, without parentheses: `hd0`, `hd0,gpt2`.
    public let name: String
    /// GRUB's modules for the file system on it are part of the signed image; false for a whole disk and for LUKS.
    public let hasFileSystem: Bool
    /// As GRUB writes it: `5ea12007-b007-...` for ext4, `5EA1-2007` for FAT.
    public let uuid: String?
    public let label: String?
    /// Names compare without regard to case, as on FAT.
    public let ignoresCase: Bool
    /// `save_env` can write in place: a plain partition with an ordinary file, no LVM, RAID or compressing file system.
    public let isWritable: Bool

    public init(
        name: String, hasFileSystem: Bool, uuid: String? = nil, label: String? = nil, ignoresCase: Bool = false,
        isWritable: Bool = true
    ) {
        self.name = name
        self.hasFileSystem = hasFileSystem
        self.uuid = uuid
        self.label = label
        self.ignoresCase = ignoresCase
        self.isWritable = isWritable
    }
}

/// One entry of a directory, as the `test` command sees it.
public struct GRUBDirectoryEntry: Hashable, Sendable {
    public let isDirectory: Bool
    /// Time of the last change in seconds since 1970; nil where the file system keeps none that GRUB reads.
    public let modified: Int64?

    public init(isDirectory: Bool, modified: Int64? = nil) {
        self.isDirectory = isDirectory
        self.modified = modified
    }
}
