internal import CLinux
public import InitramfsRuntime

/// Where a machine's serial console goes: to standard output, into a file, and past whoever waits for a text. It lives on
/// when the machine is reset.
public final class MachineConsole {
    /// What standard output has not taken yet.
    private(set) var pending: [UInt8] = []
    /// Nobody reads standard output any more.
    private var isMuted = false
    private let log: FileDescriptor?
    private var logged: UInt64 = 0
    private let text: [UInt8]?
    /// The last bytes: in which the text may begin, and which a failure shows.
    private var tail: [UInt8] = []
    private(set) var isFound = false

    private static let tailByteCount = 2000
    /// A pipe that can be written to takes as many bytes at once: pipe(7), PIPE_BUF.
    private static let writtenAtOnce = 4096

    /// - Parameters:
    ///   - log: a file that is emptied, or made.
    ///   - text: what is waited for; not empty.
    public init(log path: String?, waitingFor text: String?) throws(FileError) {
        log = if let path { try Self.emptied(path) } else { nil }
        self.text = text.map { Array($0.utf8) }
    }

    private static func emptied(_ path: String) throws(FileError) -> FileDescriptor {
        let file = try FileDescriptor.openOrCreate(path)
        try file.resize(to: 0)
        return file
    }

    public var lastLines: String { ConsoleText.lastLines(Array(tail.suffix(Self.tailByteCount))) }

    func take(_ bytes: [UInt8]) throws(FileError) {
        if !isMuted { pending += bytes }
        try log?.write(bytes, at: logged)
        logged += UInt64(bytes.count)
        tail += bytes
        if let text, !isFound { isFound = Self.contains(text, in: tail) }
        tail.removeFirst(max(0, tail.count - max(Self.tailByteCount, text?.count ?? 0)))
    }

    private static func contains(_ text: [UInt8], in bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe text.withUnsafeBytes { text in
                guard let start = bytes.baseAddress, let wanted = text.baseAddress else { return false }
                return unsafe memmem(start, bytes.count, wanted, text.count) != nil
            }
        }
    }

    /// Writes a part of what is pending, after poll(2) said that it does not block.
    func flush() {
        let count = min(pending.count, Self.writtenAtOnce)
        let put = unsafe pending.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, count) }
        if put > 0 { return pending.removeFirst(put) }
        if put < 0, shim_errno() == EINTR || shim_errno() == EAGAIN { return }
        // The machine does not end because nobody looks at it.
        isMuted = true
        pending = []
    }

    /// Writes what is pending, as far as somebody takes it within a second.
    func flushAll() {
        while !pending.isEmpty {
            var entry = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&entry, 1, 1000) > 0 else { return }
            flush()
        }
    }
}
