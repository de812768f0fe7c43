internal import CLinux
internal import InitramfsRuntime

/// A folder with all that a machine of processes is: its chip, its firmware, its volume. Gone with the object.
final class MachineFolder {
    let path: String

    /// An empty one. Its name is short: a socket's path has at most 107 bytes.
    init() throws(AttackRunError) {
        var name = Array("/tmp/attack-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&name) != nil else { throw .file(FileError(.create, "/tmp/attack-", errno: shim_errno())) }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        let arguments = CStrings(["rm", "-rf", "--", path])
        let environment = CStrings(["PATH=/usr/bin:/bin"])
        var child: pid_t = 0
        // What cannot be removed is left to /tmp's own rules; nobody could be told here.
        if unsafe shim_spawn(&child, "/bin/rm", arguments.pointers, environment.pointers, STDERR_FILENO) == 0 {
            _ = shim_wait(child)
        }
    }
}
