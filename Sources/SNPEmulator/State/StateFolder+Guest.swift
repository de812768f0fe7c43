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
