import EmulatorLink
import Foundation
import TestSupport

/// The host's end of a port: a pseudoterminal, whose other end a program opens by its name.
final class HostEnd: @unchecked Sendable {
    enum Answer {
        case body([UInt8])
        /// Bytes as they are, in no frame.
        case bytes([UInt8])
        case nothing
        /// The port closes.
        case close
    }

    /// The other end's name.
    let path: String
    private var terminal: Int32
    /// Kept open, so that the terminal does not hang up while the program has not opened it.
    private let otherEnd: Int32
    private let answer: ([UInt8]) -> Answer
    private let lock = NSLock()
    private var recorded: [UInt8] = []

    /// - Parameter answer: to each message's body, on one thread.
    init(_ answer: @escaping @Sendable ([UInt8]) -> Answer) throws {
        terminal = posix_openpt(O_RDWR | O_NOCTTY)
        guard grantpt(terminal) == 0, unlockpt(terminal) == 0, let name = unsafe ptsname(terminal) else {
            throw CommandFailure(description: "no pseudoterminal")
        }
        path = unsafe String(cString: name)
        otherEnd = unsafe open(path, O_RDWR | O_NOCTTY)
        var settings = termios()
        guard unsafe tcgetattr(otherEnd, &settings) == 0 else { throw CommandFailure(description: path) }
        unsafe cfmakeraw(&settings)
        guard unsafe tcsetattr(otherEnd, TCSANOW, &settings) == 0 else { throw CommandFailure(description: path) }
        self.answer = answer
        Thread.detachNewThread { [weak self] in
            while let self {
                if !self.serve() { return self.hangUp() }
            }
        }
    }

    deinit {
        hangUp()
        close(otherEnd)
    }

    private func hangUp() {
        if terminal >= 0 { close(terminal) }
        terminal = -1
    }

    /// Everything that went through the port so far, in both directions.
    var wire: [UInt8] { lock.withLock { recorded } }

    private var reader = FrameReader()

    /// Serves what there is; false when the port is closed.
    private func serve() -> Bool {
        var entry = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, 50) > 0 else { return true }
        var block = [UInt8](repeating: 0, count: 4096)
        let count = unsafe read(terminal, &block, block.count)
        guard count > 0 else { return false }
        lock.withLock { recorded += block[..<count] }
        guard let bodies = try? reader.take(block[..<count]) else { return false }
        for body in bodies {
            switch answer(body) {
            case .body(let body): send(Frame.encode(body))
            case .bytes(let bytes): send(bytes)
            case .nothing: break
            case .close: return false
            }
        }
        return true
    }

    private func send(_ bytes: [UInt8]) {
        lock.withLock { recorded += bytes }
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe write(terminal, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            guard count > 0 else { return }
            done += count
        }
    }
}
