internal import CLinux

/// Standard input, as far as it goes to the machine: a terminal hands on every key while this lives, but for those that
/// send a signal.
package struct Keyboard: ~Copyable {
    private var before: termios?
    private(set) var isOpen = true

    init() {
        guard Self.isTerminal else { return }
        var settings = termios()
        // A job in the background would be stopped for reading.
        isOpen = unsafe shim_make_raw(STDIN_FILENO, &settings) == 0
        if isOpen { before = settings }
    }

    deinit {
        guard var before else { return }
        _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }

    package static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// What was typed; nothing at the end of the input.
    mutating func read() -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 1024)
        let got = unsafe CLinux.read(STDIN_FILENO, &block, block.count)
        if got <= 0 { isOpen = got < 0 && shim_errno() == EINTR }
        return Array(block[..<max(0, got)])
    }
}
