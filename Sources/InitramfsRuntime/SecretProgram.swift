internal import CLinux
public import Secrets

/// A program that asks somebody for a secret and prints it.
public enum SecretProgram {
    /// Where programs look for their own; nothing else of our environment is theirs.
    private static let environment = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"

    /// Runs the program at `path`, with our standard input and error output, and returns what it prints.
    ///
    /// No shell takes part, and nothing but the program and this process sees its output.
    /// - Throws: `.run` where it cannot be started or ends otherwise than with status 0, `.limit` where it prints more
    ///   than `SecretInput.longest` bytes.
    public static func output(of path: String, _ arguments: [String]) throws(FileError) -> SecretBytes {
        var ends: (Int32, Int32) = (-1, -1)
        guard unsafe shim_pipe(&ends.0, &ends.1) == 0 else { throw FileError(.run, path, errno: shim_errno()) }
        let reader = FileDescriptor(owning: ends.0, path: path)
        let child = try start(path, arguments, FileDescriptor(owning: ends.1, path: path))
        let answer: SecretBytes
        do throws(FileError) { answer = try SecretInput.read(reader) } catch {
            kill(child, SIGKILL)
            _ = wait(for: child)
            throw error
        }
        guard wait(for: child) == 0 else { throw FileError(.run, path, errno: 0) }
        return answer
    }

    /// The writing end is closed here as this returns: only the child's end is left.
    private static func start(
        _ path: String, _ arguments: [String], _ writer: consuming FileDescriptor
    ) throws(FileError) -> pid_t {
        let argv = CStrings([path] + arguments)
        let environment = CStrings([Self.environment])
        var child: pid_t = 0
        let code = unsafe shim_spawn_for_output(&child, path, argv.pointers, environment.pointers, writer.rawValue)
        guard code == 0 else { throw FileError(.run, path, errno: code) }
        return child
    }

    private static func wait(for child: pid_t) -> Int32 {
        while true {
            let status = shim_wait(child)
            guard status < 0, shim_errno() == EINTR else { return status }
        }
    }
}
