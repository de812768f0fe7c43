internal import CLinux
internal import InitramfsRuntime
internal import Secrets

/// Where an existing passphrase of the volume comes from. It goes straight into locked memory.
enum PassphraseInput {
    /// Longest passphrase that libcryptsetup takes from a terminal or pipe, in bytes.
    private static let limit = 4096

    /// The whole of `keyFile`, as cryptsetup reads one; `-` is standard input. Without a file the passphrase
    /// is one line of standard input, asked for where that is a terminal.
    static func read(keyFile: String?) throws(CommandFailure) -> SecretBytes {
        do throws(FileError) {
            guard let keyFile else { return try line() }
            guard keyFile != "-" else { return try bytes(from: STDIN_FILENO, "standard input", untilNewline: false) }
            let file = try FileDescriptor.open(readingAt: keyFile)
            return try bytes(from: file.rawValue, keyFile, untilNewline: false)
        } catch {
            throw CommandFailure(error, area: "key")
        }
    }

    private static func line() throws(FileError) -> SecretBytes {
        var saved = termios()
        let isTerminal = unsafe tcgetattr(STDIN_FILENO, &saved) == 0
        if isTerminal {
            var silent = saved
            silent.c_lflag &= ~tcflag_t(ECHO)
            _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
            // Only now: what is typed in answer must be neither shown nor flushed.
            Console.report("Passphrase or recovery key of the volume:")
        }
        defer { if isTerminal { _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved) } }
        return try bytes(from: STDIN_FILENO, "standard input", untilNewline: true)
    }

    private static func bytes(
        from descriptor: Int32, _ name: String, untilNewline: Bool
    ) throws(FileError) -> SecretBytes {
        var count = 0
        let buffer = try SecretBytes(count: limit + 1) { (buffer: inout MutableSpan<UInt8>) throws(FileError) in
            while count < buffer.count {
                let got = unsafe buffer.withUnsafeMutableBytes {
                    // One byte at a time where a line is wanted: what follows belongs to somebody else.
                    unsafe CLinux.read(
                        descriptor, $0.baseAddress?.advanced(by: count), untilNewline ? 1 : $0.count - count)
                }
                if got < 0 && shim_errno() == EINTR { continue }
                guard got >= 0 else { throw FileError(.read, name, errno: shim_errno()) }
                if got == 0 || (untilNewline && buffer[count] == 0x0A) { break }
                count += got
            }
        }
        guard count <= limit else { throw FileError(.limit, name, errno: 0) }
        return SecretBytes(count: count) { copy in
            for index in 0..<count { copy[index] = buffer.bytes[index] }
        }
    }
}
