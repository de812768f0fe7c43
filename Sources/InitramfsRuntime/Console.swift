internal import CLinux

/// Output of the guest programs: one line, one `write(2)`, no buffering, no `stderr`.
public enum Console {
    /// Writes one line to standard error.
    public static func report(_ line: String) { write(line, to: STDERR_FILENO) }

    /// Writes one line to standard output.
    public static func print(_ line: String) { write(line, to: STDOUT_FILENO) }

    private static func write(_ line: String, to descriptor: Int32) {
        let bytes = Array((line + "\n").utf8)
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe CLinux.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            // A console that is gone must not keep the machine from booting.
            guard count > 0 || (count < 0 && shim_errno() == EINTR) else { return }
            written += max(0, count)
        }
    }
}

/// The program's arguments without its name (Embedded Swift has no `CommandLine`).
public func programArguments() throws(FileError) -> [String] {
    let bytes = try FileBytes.read("/proc/self/cmdline", limit: 1 << 20)
    return bytes.split(separator: 0, omittingEmptySubsequences: false).dropFirst().dropLast()
        .map { String(decoding: $0, as: UTF8.self) }
}
