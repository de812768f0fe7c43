internal import CLinux
public import InitramfsRuntime

/// Standard output, without a buffer in which a secret could stay.
public enum StandardOutput {
    public static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    public static func write(_ bytes: Span<UInt8>) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let put = unsafe bytes.withUnsafeBytes {
                unsafe CLinux.write(STDOUT_FILENO, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if put < 0 && shim_errno() == EINTR { continue }
            guard put > 0 else { throw FileError(.write, "standard output", errno: shim_errno()) }
            done += put
        }
    }
}

public enum StandardError {
    public static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes without a line end; progress that nobody sees is no error.
    public static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe CLinux.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
