internal import CLinux
public import InitramfsRuntime

/// The signals that ask the emulator to end, taken for as long as this lives. To be made before any thread is started.
public struct EndingSignals: ~Copyable {
    private let file: FileDescriptor

    public init() throws(FileError) {
        let descriptor = shim_take_ending_signals()
        guard descriptor >= 0 else { throw FileError(.open, "signals", errno: shim_errno()) }
        file = FileDescriptor(owning: descriptor, path: "signals")
        // A reader that went away is an error of write(2).
        shim_ignore_signal(SIGPIPE)
    }

    var descriptor: Int32 { file.rawValue }

    /// The number of one that has come.
    var next: Int32? {
        let number = shim_next_ending_signal(file.rawValue)
        return number == 0 ? nil : number
    }
}
