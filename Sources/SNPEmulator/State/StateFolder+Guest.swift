internal import CLinux
internal import InitramfsRuntime

/// The right to run the one guest that a state folder can have at a time: as on a chip with one vTPM.
public struct GuestLock: ~Copyable {
    private let file: FileDescriptor

    /// Held until the value or the process ends.
    public static func take(_ state: StateFolder) throws(GuestError) -> GuestLock {
        do throws(FileError) {
            let file = try FileDescriptor.openOrCreate(state.layout.guestLock, isFollowingLinks: false)
            try file.lock(milliseconds: 0)
            return GuestLock(file: file)
        } catch { throw error.operation == .lock && error.errno == EWOULDBLOCK ? .inUse(state.path) : .file(error) }
    }
}

extension StateFolder {
    /// Where the vTPM of another guest lives while a guest runs.
    public var otherVirtualTPMPath: String { layout.otherVirtualTPM }

    /// Removes that vTPM: each guest meets a new one. Whoever calls holds the guest's lock.
    public func removeOtherVirtualTPM() throws(StateError) {
        let folder = layout.otherVirtualTPM
        for folder in [folder, folder + ".new"] {
            do throws(FileError) {
                for name in try FileDescriptor.open(readingAt: folder).names() {
                    try FileBytes.remove(folder + "/" + name)
                }
                guard unsafe rmdir(folder) == 0 else { throw FileError(.remove, folder, errno: shim_errno()) }
            } catch { if !error.isMissing { throw .file(error) } }
        }
        guard unsafe unlink(folder + ".lock") == 0 || shim_errno() == ENOENT else {
            throw .file(FileError(.remove, folder + ".lock", errno: shim_errno()))
        }
    }
}
