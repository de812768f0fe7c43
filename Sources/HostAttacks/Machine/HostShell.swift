internal import CLinux
internal import InitramfsRuntime

/// The host's shell in the folder of one machine. Scripts find the programs as `$emulator`, `$sealroot`, `$init` and
/// `$control`, the disk that guests may boot from as `$disk` with
/// `$template`, where it is not the usual one, and the volume and its passphrase as `volume` and `key`.
struct HostShell: Sendable {
    struct Result: Sendable {
        let status: Int32
        let output: [UInt8]
        let errorText: String
    }

    let folder: String
    let programs: AttackPrograms
    var disk: BootDisk?

    /// Seconds for one command, which takes less than one but for a guest that waits for a minute.
    private static let patience = "240"
    /// More than any of them prints, in bytes.
    private static let longestOutput = 1 << 24

    static var searchPath: [String] {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        return path.split(separator: ":").map(String.init) + [
            "/usr/local/bin", "/usr/sbin", "/sbin", "/usr/bin", "/bin",
        ]
    }

    private var variables: [String] {
        let path = Self.searchPath.joined(separator: ":")
        return [
            "PATH=" + path, "LC_ALL=C", "emulator=" + programs.emulator, "sealroot=" + programs.sealroot,
            "init=" + programs.sealrootInit, "control=" + (programs.controlInit ?? ""), "disk=" + (disk?.path ?? ""),
            "template=" + (disk?.template ?? ""),
        ]
    }

    /// Runs a command, looked for in PATH.
    ///
    /// - Parameter patience: seconds, after which it is ended.
    func run(_ command: [String], patience: String = Self.patience) throws(AttackRunError) -> Result {
        let arguments = CStrings(
            [
                "sh", "-c", "cd \"$0\" && exec timeout --foreground -k 5 \"$@\" >.stdout 2>.stderr", folder,
                patience,
            ]
                + command)
        let environment = CStrings(variables)
        do throws(FileError) {
            let log = try FileDescriptor.createInMemory(named: "shell")
            var child: pid_t = 0
            let code = unsafe shim_spawn(&child, "/bin/sh", arguments.pointers, environment.pointers, log.rawValue)
            guard code == 0 else { throw FileError(.run, "/bin/sh", errno: code) }
            let status = Self.wait(for: child)
            let errors = try FileBytes.read(folder + "/.stderr", limit: Self.longestOutput)
            return Result(
                status: status, output: try FileBytes.read(folder + "/.stdout", limit: Self.longestOutput),
                errorText: String(decoding: errors, as: UTF8.self))
        } catch { throw .file(error) }
    }

    /// Runs a script that must not fail.
    ///
    /// - Parameter step: what it does, for the error.
    func succeed(_ script: String, step: String) throws(AttackRunError) {
        try Self.require(try run(["sh", "-euc", script]), step: step)
    }

    static func require(_ result: Result, step: String) throws(AttackRunError) {
        guard result.status == 0 else {
            throw .failed(step: step, status: result.status, message: result.lastLine)
        }
    }

    private static func wait(for child: pid_t) -> Int32 {
        while true {
            let status = shim_wait(child)
            guard status < 0, shim_errno() == EINTR else { return status }
        }
    }
}

extension HostShell.Result {
    /// What the command said last.
    var lastLine: String { errorText.split(separator: "\n").last.map(String.init) ?? "nothing was said" }
}
