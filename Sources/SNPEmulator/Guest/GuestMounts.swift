internal import CLinux
internal import InitramfsRuntime

/// The folders of the machine that a guest sees its own contents in: devices, and what a confidential guest's kernel and
/// firmware show in sysfs.
///
/// Each is a tmpfs over the machine's folder, with the machine's own entries bound into it, as far as the guest is to see
/// them: so that a name can be added where the machine's file system has none.
enum GuestMounts {
    /// The nodes that every guest has.
    private static let devices = ["null", "zero", "full", "random", "urandom", "tty"]
    private static let links = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"),
    ]

    /// Mounts /dev: the usual nodes, terminals of the guest's own, no device of the machine's.
    static func makeDevices() throws(GuestError) {
        let terminal = terminalName
        let machine = try cover("/dev")
        for name in devices { try bind(name, of: machine, into: "/dev", isFolder: false) }
        for (name, target) in links {
            guard unsafe symlink(target, "/dev/" + name) == 0 else { throw failure("/dev/" + name) }
        }
        try makeFolder("/dev/shm", mode: 0o1777)
        try makeFolder("/dev/pts", mode: 0o755)
        let flags = UInt(MS_NOSUID | MS_NOEXEC)
        guard unsafe mount("devpts", "/dev/pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=620") == 0 else {
            throw failure("/dev/pts")
        }
        // The terminal that the guest talks to is the machine's; programs look for its name in /dev.
        guard let terminal else { return }
        try makeFile("/dev/console")
        try bind("/proc/self/fd/\(machine.rawValue)/" + terminal, to: "/dev/console")
    }

    /// Path below /dev of the terminal on standard input, or nil where there is none with a name.
    private static var terminalName: String? {
        guard isatty(STDIN_FILENO) == 1, let name = unsafe ttyname(STDIN_FILENO) else { return nil }
        let path = unsafe String(cString: name)
        return path.hasPrefix("/dev/") ? String(path.dropFirst("/dev/".count)) : nil
    }

    /// Mounts an empty tmpfs over `path`, and returns the folder that was there.
    static func cover(_ path: String) throws(GuestError) -> FileDescriptor {
        let folder: FileDescriptor
        do throws(FileError) { folder = try FileDescriptor.open(readingAt: path) } catch { throw .file(error) }
        guard unsafe mount("tmpfs", path, "tmpfs", UInt(MS_NOSUID), "mode=755,size=16m") == 0 else {
            throw failure(path)
        }
        return folder
    }

    static func bind(
        _ name: String, of machine: borrowing FileDescriptor, into folder: String, isFolder: Bool
    ) throws(GuestError) {
        let target = folder + "/" + name
        if isFolder { try makeFolder(target, mode: 0o755) } else { try makeFile(target) }
        try bind("/proc/self/fd/\(machine.rawValue)/" + name, to: target)
    }

    static func bind(_ source: String, to target: String) throws(GuestError) {
        guard unsafe mount(source, target, nil, UInt(MS_BIND | MS_REC), nil) == 0 else { throw failure(target) }
    }

    static func makeFile(_ path: String) throws(GuestError) {
        do throws(FileError) { _ = try FileDescriptor.create(path) } catch { throw .file(error) }
    }

    static func makeFolder(_ path: String, mode: UInt32) throws(GuestError) {
        guard unsafe mkdir(path, mode) == 0, unsafe chmod(path, mode) == 0 else { throw failure(path) }
    }

    static func failure(_ path: String) -> GuestError { .namespace(step: path, errno: shim_errno()) }
}
