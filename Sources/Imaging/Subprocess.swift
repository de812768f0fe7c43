internal import CLinux
internal import InitramfsRuntime

/// A program of the system, run to its end.
enum Subprocess {
    /// Starts `tool` with no input, the C locale and both outputs in the file `output`.
    ///
    /// - Returns: the exit status, or 128 and the number of the signal that ended it.
    static func run(_ tool: String, _ arguments: [String], output: Int32) throws(ImagingError) -> Int32 {
        let path = try locate(tool)
        let argv = CStrings([tool] + arguments)
        let environment = CStrings(["LC_ALL=C", "PATH=" + searchPath.joined(separator: ":")])
        var child: pid_t = 0
        let code = unsafe shim_spawn(&child, path, argv.pointers, environment.pointers, output)
        guard code == 0 else { throw .toolFailed(tool, status: 127, message: describeErrno(code)) }
        while true {
            let status = shim_wait(child)
            if status >= 0 { return status }
            guard shim_errno() == EINTR else {
                throw .toolFailed(tool, status: 127, message: describeErrno(shim_errno()))
            }
        }
    }

    private static func locate(_ tool: String) throws(ImagingError) -> String {
        let found = searchPath.map { $0 + "/" + tool }.first { unsafe access($0, X_OK) == 0 }
        guard let found else { throw .toolMissing(tool) }
        return found
    }

    /// The file system tools lie in folders that are not on every user's path.
    private static var searchPath: [String] {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        return path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
    }
}
