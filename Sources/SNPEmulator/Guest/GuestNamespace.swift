internal import CGuestProcess
internal import CLinux
internal import InitramfsRuntime

/// The user and mount namespaces in which the emulator makes the guest's world, and lives itself: what is mounted in
/// them is gone with their last process.
///
/// Source: user_namespaces(7), mount_namespaces(7).
public enum GuestNamespace {
    /// Makes this process root of namespaces of its own; to the rest of the machine it stays who it was. One user is
    /// mapped, so nobody needs a helper with privileges.
    ///
    /// Only while there is a single thread.
    public static func enter() throws(GuestError) {
        let (user, group) = (geteuid(), getegid())
        guard shim_enter_namespaces() == 0 else {
            throw .namespace(step: "user and mount namespaces", errno: shim_errno())
        }
        try write("deny", to: "/proc/self/setgroups")
        try write("0 \(user) 1\n", to: "/proc/self/uid_map")
        try write("0 \(group) 1\n", to: "/proc/self/gid_map")
        guard unsafe mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0 else {
            throw .namespace(step: "private mounts", errno: shim_errno())
        }
    }

    private static func write(_ text: String, to path: String) throws(GuestError) {
        // These files take one write(2), and no pwrite.
        do throws(FileError) {
            let file = try FileDescriptor.open(updatingAt: path)
            guard unsafe CLinux.write(file.rawValue, text, text.utf8.count) == text.utf8.count else {
                throw FileError(.write, path, errno: shim_errno())
            }
        } catch { throw .namespace(step: path, errno: error.errno) }
    }
}
