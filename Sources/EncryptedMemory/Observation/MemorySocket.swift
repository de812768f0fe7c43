internal import CLinux
public import InitramfsRuntime
internal import Synchronization

/// The socket `memory` in a folder. Each message is its length, 4 bytes least significant first, and that many bytes.
public enum MemorySocket {
    public static let name = "memory"
    /// A client that neither sends nor takes anything for so long loses its connection.
    static let patience: Int32 = 10

    /// Reads one message; nil at the end of the stream, in place of a message.
    static func receive(_ connection: borrowing LocalConnection, limit: Int) throws(FileError) -> [UInt8]? {
        guard let head = try connection.receive(4) else { return nil }
        let count = Int(head[0]) | Int(head[1]) << 8 | Int(head[2]) << 16 | Int(head[3]) << 24
        guard count <= limit else { throw FileError(.limit, connection.path, errno: 0) }
        guard count > 0 else { return [] }
        guard let bytes = try connection.receive(count) else { throw FileError(.read, connection.path, errno: 0) }
        return bytes
    }

    static func send(_ connection: borrowing LocalConnection, _ bytes: [UInt8]) throws(FileError) {
        let count = UInt32(bytes.count)
        try connection.send((0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + bytes)
    }
}

/// One connected local socket, closed exactly once.
struct LocalConnection: ~Copyable {
    fileprivate let rawValue: Int32
    let path: String

    init(owning rawValue: Int32, path: String) {
        self.rawValue = rawValue
        self.path = path
    }

    deinit { close(rawValue) }

    /// Exactly so many bytes; nil where the stream ends before the first.
    func receive(_ count: Int) throws(FileError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes {
                unsafe recv(rawValue, $0.baseAddress?.advanced(by: done), count - done, 0)
            }
            if got < 0 && shim_errno() == EINTR { continue }
            if got == 0 && done == 0 { return nil }
            guard got > 0 else { throw FileError(.read, path, errno: got < 0 ? shim_errno() : 0) }
            done += got
        }
        return bytes
    }

    func send(_ bytes: [UInt8]) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let put = unsafe bytes.withUnsafeBytes {
                unsafe shim_send(rawValue, $0.baseAddress?.advanced(by: done), bytes.count - done, 1)
            }
            if put < 0 && shim_errno() == EINTR { continue }
            guard put > 0 else { throw FileError(.write, path, errno: shim_errno()) }
            done += put
        }
    }
}

/// Serves the memory of a running guest, to its owner only.
public final class MemoryServer: Sendable {
    private let listener: Int32
    private let path: String
    private let state = Mutex(State())

    private struct State {
        var isStopped = false
        /// The socket of whoever is served.
        var client: Int32?
    }

    /// Listens in a folder, in place of a server that is gone.
    public init(in folder: String) throws(FileError) {
        path = folder + "/" + MemorySocket.name
        listener = unsafe shim_listen_local(folder, MemorySocket.name)
        guard listener >= 0 else { throw FileError(.create, path, errno: shim_errno()) }
    }

    /// Answers clients one after the other until `stop`.
    ///
    /// - Parameter answer: such as `MemoryService.answer`, under whatever lock the guest's memory has.
    public func run(_ answer: ([UInt8]) -> [UInt8]) {
        while true {
            let connection = shim_accept_local(listener, MemorySocket.patience)
            guard connection >= 0 else {
                // A client that went away before its turn is no reason to end.
                if [EINTR, ECONNABORTED].contains(shim_errno()) { continue }
                return
            }
            serve(LocalConnection(owning: connection, path: path), answer)
        }
    }

    private func serve(_ connection: consuming LocalConnection, _ answer: ([UInt8]) -> [UInt8]) {
        let socket = connection.rawValue
        let isWelcome = state.withLock { state in
            if !state.isStopped { state.client = socket }
            return !state.isStopped
        }
        guard isWelcome else { return }
        // Before it is closed, and its number somebody else's.
        defer { state.withLock { $0.client = nil } }
        do throws(FileError) {
            while let request = try MemorySocket.receive(connection, limit: MemoryRequest.largest) {
                try MemorySocket.send(connection, answer(request))
            }
        } catch {
            // Whoever breaks off, or sends what is too long, only loses the connection.
        }
    }

    /// Makes `run` return, and takes the name away. Nobody is waited for who only keeps the connection.
    public func stop() {
        state.withLock { state in
            state.isStopped = true
            if let client = state.client { _ = shim_stop_socket(client) }
        }
        _ = shim_stop_socket(listener)
        _ = unsafe unlink(path)
    }

    deinit { close(listener) }
}
