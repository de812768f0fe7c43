internal import CLinux
internal import InitramfsRuntime
internal import JSON

/// The folder beside the result in which everything happens until the write into the image.
struct WorkFolder {
    let path: String

    init(beside target: String) { path = target + ".sealroot" }

    /// The partition, first plain and then encrypted.
    var partition: String { path + "/partition" }
    /// The LUKS2 header until it can take its place.
    var header: String { path + "/header" }
    /// The new image, where `--out` asks for one.
    var image: String { path + "/image" }
    /// What e2fsck and resize2fs said.
    var toolOutput: String { path + "/output" }
    private var journal: String { path + "/journal.json" }

    /// The folder that holds it, for `statvfs(3)`.
    var parent: String {
        guard let slash = path.utf8.lastIndex(of: 0x2F) else { return "." }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    var exists: Bool { unsafe access(path, F_OK) == 0 }

    func create() throws(ImagingError) {
        try files { () throws(FileError) in try FileBytes.makeDirectory(path) }
    }

    /// The journal; nil where the run was cut off before it wrote one, hence before it touched anything.
    func readJournal() throws(ImagingError) -> Journal? {
        guard unsafe access(journal, F_OK) == 0 else { return nil }
        let bytes = try files { () throws(FileError) in try FileBytes.read(journal, limit: 8 << 20) }
        let value = try rethrow(as: { (error: JSONError) in ImagingError.journal(journal, reason: error.description) })
        {
            () throws(JSONError) in try JSONValue(parsing: bytes)
        }
        guard let read = Journal(value) else { throw .journal(journal, reason: "not a journal of this version") }
        return read
    }

    func write(_ state: Journal) throws(ImagingError) {
        try files { () throws(FileError) in try FileBytes.replace(journal, with: Array(state.json.compact.utf8)) }
    }

    /// Removes what this type names, and the folder; the journal last, so that a cut leaves it readable.
    func remove() throws(ImagingError) {
        for file in [partition, header, image, toolOutput, journal + ".new", journal] { try Self.removeFile(file) }
        guard unsafe rmdir(path) == 0 || shim_errno() == ENOENT else {
            throw .file(FileError(.remove, path, errno: shim_errno()))
        }
    }

    /// Removes one file, where it is there.
    static func removeFile(_ path: String) throws(ImagingError) {
        guard unsafe unlink(path) == 0 || shim_errno() == ENOENT else {
            throw .file(FileError(.remove, path, errno: shim_errno()))
        }
    }

    /// Bytes free for this user on the file system of the work folder.
    func freeByteCount() throws(ImagingError) -> UInt64 {
        var status = statvfs()
        guard unsafe statvfs(parent, &status) == 0 else { throw .file(FileError(.read, parent, errno: shim_errno())) }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}
