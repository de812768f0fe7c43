internal import CLinux
internal import Enrollment
internal import InitramfsRuntime
internal import RecoveryKeys
internal import Secrets

/// Where an existing passphrase of the volume comes from. It goes straight into locked memory.
enum PassphraseInput {
    /// The whole of `keyFile`, as cryptsetup reads one; `-` is standard input. Without a file the passphrase
    /// is one line of standard input, asked for where that is a terminal; a recovery key may be typed without its
    /// dashes there.
    static func read(keyFile: String?) throws(CommandFailure) -> SecretBytes {
        guard let keyFile else {
            return RecoveryKey.passphrase(for: try line(prompt: "Passphrase or recovery key of the volume:"))
        }
        do throws(FileError) {
            guard keyFile != "-" else {
                return try SecretInput.read(from: STDIN_FILENO, "standard input", until: .endOfFile)
            }
            return try SecretInput.read(try FileDescriptor.open(readingAt: keyFile))
        } catch {
            throw CommandFailure(error, area: "key")
        }
    }

    /// As above; but where no file was named and the unlock of this boot has left its secret, nobody is asked.
    static func read(
        keyFile: String?, handedOverFor device: String
    ) throws(CommandFailure) -> SecretBytes {
        if keyFile == nil {
            let handed = try enrolling { () throws(EnrollmentError) in try HandedOver.passphrase(of: device) }
            if let handed { return handed }
        }
        return try read(keyFile: keyFile)
    }

    /// One line of standard input, without its end; `prompt` is shown where that is a terminal, the answer is not.
    static func line(prompt: String) throws(CommandFailure) -> SecretBytes {
        var saved = termios()
        let isTerminal = unsafe tcgetattr(STDIN_FILENO, &saved) == 0
        if isTerminal {
            var silent = saved
            silent.c_lflag &= ~tcflag_t(ECHO)
            _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
            // Only now: what is typed in answer must be neither shown nor flushed.
            Console.report(prompt)
        }
        defer { if isTerminal { _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved) } }
        do throws(FileError) {
            return try SecretInput.read(from: STDIN_FILENO, "standard input", until: .endOfLine)
        } catch { throw CommandFailure(error, area: "key") }
    }
}
