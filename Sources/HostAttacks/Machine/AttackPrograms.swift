internal import CLinux
internal import InitramfsRuntime

/// The programs that the machine of processes is made of.
public struct AttackPrograms: Sendable {
    let emulator: String
    let sealroot: String
    let sealrootInit: String
    /// `sealroot-init` without its checks; nil where there is none.
    let controlInit: String?

    /// - Parameters: paths; nil for the program beside the emulator, or on PATH. A control has no such place, and the
    ///   emulator is the running program.
    public init(
        emulator: String = "/proc/self/exe", sealroot: String?, sealrootInit: String?, controlInit: String?
    ) throws(AttackRunError) {
        self.emulator = try Self.fullPath(emulator)
        self.sealroot = try Self.find(sealroot, "sealroot", beside: self.emulator)
        self.sealrootInit = try Self.find(sealrootInit, "sealroot-init", beside: self.emulator)
        self.controlInit =
            if let controlInit { try Self.find(controlInit, controlInit, beside: self.emulator) } else { nil }
    }

    /// The path from the root, without links.
    static func fullPath(_ path: String) throws(AttackRunError) -> String {
        guard let full = unsafe realpath(path, nil) else { throw .file(FileError(.open, path, errno: shim_errno())) }
        defer { unsafe free(full) }
        return unsafe String(cString: full)
    }

    private static func find(_ given: String?, _ name: String, beside program: String) throws(AttackRunError) -> String
    {
        if let given {
            let full = try fullPath(given)
            guard unsafe access(full, X_OK) == 0 else { throw .programMissing("program " + given) }
            return full
        }
        let folder = program.utf8.lastIndex(of: 0x2F).map { String(program[..<$0]) } ?? "."
        let found = ([folder] + HostShell.searchPath + ["/usr/lib/sealroot"]).map { $0 + "/" + name }
            .first { unsafe access($0, X_OK) == 0 }
        guard let found else { throw .programMissing(name + "; name it with --" + name) }
        return found
    }
}
