internal import CExt2FS

/// An ext2, ext3 or ext4 file system inside an image, by libext2fs.
///
/// The library and not its program `debugfs`: names are C strings and not words of a command, errors are numbers, and
/// a long file is hashed block by block without a copy on the disk. As GRUB does, it reads without replaying the
/// journal, so it sees what the next boot will see.
@safe final class ExtTree: FileTree {
    private let system: ext2_filsys
    /// The library has opened the same file once more, under the name of this descriptor.
    private let image: DiskImage
    /// For messages.
    private let volume: String

    /// Opens the file system that begins at byte `offset` of `image`, read-only.
    init(image: DiskImage, offset: UInt64, volume: String) throws(InstalledSystemError) {
        initialize_ext2_error_table()
        var opened: ext2_filsys?
        let code = unsafe ext2fs_open2(
            image.descriptorPath, "offset=" + String(offset), shim_EXT2_FLAG_64BITS, 0, 0, shim_unix_io_manager(),
            &opened)
        guard code == 0, let opened = unsafe opened else { throw Self.failure(code, volume, "") }
        unsafe system = opened
        self.image = image
        self.volume = volume
    }

    deinit { unsafe _ = ext2fs_close(system) }

    func kind(of path: String) throws(InstalledSystemError) -> FileKind? { try find(path)?.kind }

    func entry(at path: String) throws(InstalledSystemError) -> FileEntry? {
        guard path != "/", let found = try inode(at: path, followsLink: false) else { return nil }
        var inode = found.inode
        return unsafe FileEntry(isFolder: shim_is_folder(&inode) != 0, modified: shim_inode_modified(&inode))
    }

    func names(in path: String) throws(InstalledSystemError) -> [String]? {
        guard let found = try find(path), found.kind == .folder else { return nil }
        let list = NameList()
        let code = unsafe ext2fs_dir_iterate(
            system, found.number, 0, nil,
            { entry, _, _, _, context in
                guard let entry = unsafe entry, let context = unsafe context else { return 0 }
                unsafe Unmanaged<NameList>.fromOpaque(context).takeUnretainedValue().add(entry)
                return 0
            }, Unmanaged.passUnretained(list).toOpaque())
        guard code == 0 else { throw Self.failure(code, volume, path) }
        return list.names
    }

    func open(_ path: String) throws(InstalledSystemError) -> (any FileContents)? {
        guard let found = try find(path), case .file(let byteCount) = found.kind else { return nil }
        var file: ext2_file_t?
        let code = unsafe ext2fs_file_open(system, found.number, 0, &file)
        guard code == 0, let file = unsafe file else { throw Self.failure(code, volume, path) }
        return unsafe ExtFile(file, of: self, byteCount: byteCount, volume: volume, path: path)
    }

    private func find(_ path: String) throws(InstalledSystemError) -> (number: UInt32, kind: FileKind)? {
        guard let found = try inode(at: path, followsLink: true) else { return nil }
        let number = found.number
        var inode = found.inode
        if unsafe shim_is_folder(&inode) != 0 { return (number, .folder) }
        return unsafe (number, shim_is_file(&inode) != 0 ? .file(byteCount: shim_inode_size(&inode)) : .other)
    }

    /// Absolute links begin at the root of this file system; eight in a row at most.
    private func inode(
        at path: String, followsLink: Bool
    ) throws(InstalledSystemError) -> (number: UInt32, inode: ext2_inode)? {
        var number: UInt32 = 0
        let root = shim_EXT2_ROOT_INO
        var code =
            unsafe followsLink
            ? ext2fs_namei_follow(system, root, root, path, &number) : ext2fs_namei(system, root, root, path, &number)
        guard code != shim_EXT2_ET_FILE_NOT_FOUND, code != shim_EXT2_ET_NO_DIRECTORY else { return nil }
        var inode = ext2_inode()
        if code == 0 { code = unsafe ext2fs_read_inode(system, number, &inode) }
        guard code == 0 else { throw Self.failure(code, volume, path) }
        return (number, inode)
    }

    fileprivate static func failure(_ code: Int, _ volume: String, _ path: String) -> InstalledSystemError {
        let words = unsafe error_message(code).map { unsafe String(cString: $0) } ?? "error"
        return .ext(volume: volume, path: path, code: code, message: words)
    }
}

/// What a walk over a folder has met.
private final class NameList {
    private(set) var names: [String] = []

    func add(_ entry: UnsafePointer<ext2_dir_entry>) {
        let length = Int(unsafe shim_name_length(entry))
        // libext2fs has checked that the name lies within its entry.
        let bytes = unsafe UnsafeRawBufferPointer(start: shim_name(entry), count: length)
        let name = unsafe String(decoding: bytes, as: UTF8.self)
        if name != ".", name != "..", unsafe name.utf8.elementsEqual(bytes) { names.append(name) }
    }
}

@safe private final class ExtFile: FileContents {
    private let file: ext2_file_t
    /// The handle points into the file system, which must not go first.
    private let tree: ExtTree
    let byteCount: UInt64
    private let volume: String
    private let path: String

    init(_ file: ext2_file_t, of tree: ExtTree, byteCount: UInt64, volume: String, path: String) {
        unsafe self.file = unsafe file
        self.tree = tree
        self.byteCount = byteCount
        self.volume = volume
        self.path = path
    }

    deinit { unsafe _ = ext2fs_file_close(file) }

    func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8]) throws(InstalledSystemError) {
        var code = unsafe ext2fs_file_llseek(file, offset, EXT2_SEEK_SET, nil)
        var got: UInt32 = 0
        if code == 0 {
            code = unsafe buffer.withUnsafeMutableBytes {
                unsafe ext2fs_file_read(file, $0.baseAddress, UInt32(min(count, $0.count)), &got)
            }
        }
        guard code == 0 else { throw ExtTree.failure(code, volume, path) }
        guard Int(got) == count else {
            throw .cut(volume: volume, needed: offset + UInt64(count), available: byteCount)
        }
    }
}
