internal import CLinux
internal import FUSEMount
internal import InitramfsRuntime

/// A file system that is mounted under a name until this is gone.
final class ServedMount {
    let path: String
    private let mount: FUSEMount
    private let place: NameInFolder
    /// Whether the name was made for it.
    private let isMade: Bool

    /// Serves a file under a name that nobody has yet.
    ///
    /// - Throws: `.occupied` where somebody has it.
    static func file(_ file: any VirtualFile, at path: String) throws(AgentError) -> ServedMount {
        let place = try NameInFolder(path)
        do throws(FileError) { _ = try FileDescriptor.create(path) } catch {
            throw error.errno == EEXIST ? .occupied(path) : .file(error)
        }
        do throws(AgentError) {
            return try ServedMount(.file(file), at: path, place, isMade: true)
        } catch {
            _ = unsafe unlink(path)
            throw error
        }
    }

    /// Serves a folder in place of one that is there.
    static func folder(_ root: VirtualNode, at path: String) throws(AgentError) -> ServedMount {
        let place = try NameInFolder(path)
        return try ServedMount(root, at: path, place, isMade: false)
    }

    private convenience init(
        _ root: VirtualNode, at path: String, _ place: consuming NameInFolder, isMade: Bool
    ) throws(AgentError) {
        let device: FileDescriptor
        do throws(FileError) { device = try FileDescriptor.open(updatingAt: "/dev/fuse") } catch { throw .file(error) }
        let mount: FUSEMount
        do throws(MountError) { mount = try FUSEMount(root, at: path, device: device) } catch {
            if error.step != .mount { _ = unsafe umount2(path, Self.detach) }
            throw .mount(error)
        }
        self.init(mount, path, place, isMade: isMade)
    }

    private init(_ mount: FUSEMount, _ path: String, _ place: consuming NameInFolder, isMade: Bool) {
        self.mount = mount
        self.path = path
        self.place = place
        self.isMade = isMade
    }

    private static let detach = Int32(MNT_DETACH) | Int32(UMOUNT_NOFOLLOW)

    deinit {
        guard fchdir(place.folder.rawValue) == 0 else { return }
        _ = unsafe umount2(place.name, Self.detach)
        if isMade { _ = unsafe unlink(place.name) }
    }

    /// Readable when there is something to serve.
    var descriptor: Int32 { mount.descriptor }

    func serve() throws(AgentError) {
        guard mount.serve() else { throw .gone(path) }
    }
}

/// A name and the folder that it is in, which stays open: after the switch from the initramfs to the real root this
/// process could name neither, but the folder is still the same.
private struct NameInFolder: ~Copyable {
    let folder: FileDescriptor
    let name: String

    init(_ path: String) throws(AgentError) {
        let slash = path.lastIndex(of: "/")
        name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        do throws(FileError) {
            folder = try FileDescriptor.open(readingAt: slash.map { String(path[...$0]) } ?? ".")
        } catch { throw .file(error) }
    }
}
