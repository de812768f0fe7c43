internal import CLinux
public import EmulatorLink
public import InitramfsRuntime

/// One of the machine's ports: a message goes to the emulator, and its answer comes back.
///
/// The host may send anything, or nothing. After the first exchange that fails the port is of no more use: nobody could
/// tell any longer what answers what.
public final class LinkPort {
    private let file: FileDescriptor
    private let patience: Int64
    private var reader = FrameReader()
    private var isLost = false

    /// How long an answer may take, in milliseconds. On hardware the whole virtual CPU stands still meanwhile.
    public static let patience: Int64 = 30_000

    /// Opens a port, and waits for it where it is not there yet.
    ///
    /// - Parameters:
    ///   - milliseconds: how long it is waited for.
    ///   - patience: how long an answer may take, in milliseconds.
    public init(
        _ path: String, waiting milliseconds: Int64, patience: Int64 = LinkPort.patience
    ) throws(FileError) {
        let deadline = MonotonicClock.milliseconds + milliseconds
        self.patience = patience
        while true {
            let descriptor = unsafe shim_open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0)
            if descriptor >= 0 {
                file = FileDescriptor(owning: descriptor, path: path)
                return
            }
            let error = FileError(.open, path, errno: shim_errno())
            guard error.isMissing, MonotonicClock.milliseconds < deadline else { throw error }
            usleep(20_000)
        }
    }

    func exchange<Answer>(
        _ body: [UInt8], parse: ([UInt8]) throws(LinkError) -> Answer
    ) throws(PortError) -> Answer {
        guard !isLost else { throw .lost }
        isLost = true
        let deadline = MonotonicClock.milliseconds + patience
        try send(Frame.encode(body), until: deadline)
        let answer = try receive(until: deadline)
        do throws(LinkError) {
            let parsed = try parse(answer)
            isLost = false
            return parsed
        } catch { throw .malformed(error) }
    }

    private func send(_ bytes: [UInt8], until deadline: Int64) throws(PortError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe write(file.rawValue, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count > 0 {
                done += count
            } else {
                try wait(for: POLLOUT, after: count, .write, until: deadline)
            }
        }
    }

    private func receive(until deadline: Int64) throws(PortError) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Frame.longest)
        while true {
            let count = unsafe read(file.rawValue, &block, block.count)
            guard count > 0 else {
                guard count < 0 else { throw .closed }
                try wait(for: POLLIN, after: count, .read, until: deadline)
                continue
            }
            let bodies: [[UInt8]]
            do throws(LinkError) { bodies = try reader.take(block[..<count]) } catch { throw .malformed(error) }
            guard let answer = bodies.first else { continue }
            guard bodies.count == 1, !reader.isInsideFrame else { throw .unasked }
            return answer
        }
    }

    /// Waits where the kernel says that there is nothing to be had yet.
    private func wait(
        for event: Int32, after result: Int, _ operation: FileError.Operation, until deadline: Int64
    ) throws(PortError) {
        let code = shim_errno()
        if result < 0, code == EINTR { return }
        guard result == 0 || code == EAGAIN else {
            // A terminal in place of the port says so that its other end is gone.
            if code == EIO || code == EPIPE { throw .closed }
            throw .file(FileError(operation, file.path, errno: code))
        }
        let left = deadline - MonotonicClock.milliseconds
        guard left > 0 else { throw .late(milliseconds: patience) }
        var entry = pollfd(fd: file.rawValue, events: Int16(event), revents: 0)
        guard unsafe poll(&entry, 1, Int32(clamping: left)) > 0 else { return }
        guard entry.revents & Int16(event) != 0 else { throw .closed }
    }
}

/// Why a port gave no answer.
public enum PortError: Error, Equatable, CustomStringConvertible {
    case closed
    case late(milliseconds: Int64)
    /// More than the one answer.
    case unasked
    case malformed(LinkError)
    case file(FileError)
    /// An earlier exchange has failed.
    case lost

    public var description: String {
        switch self {
        case .closed: "the host has closed the port"
        case .late(let milliseconds): "no answer from the host in \(milliseconds) ms"
        case .unasked: "the host sends what nobody asked for"
        case .malformed(let error): error.description
        case .file(let error): error.description
        case .lost: "the port is out of use"
        }
    }
}
