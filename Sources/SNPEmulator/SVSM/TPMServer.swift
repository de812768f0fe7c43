internal import CLinux
public import InitramfsRuntime
internal import Synchronization

/// The seat between the guest's processes and their TPM: a data socket, and beside it, with `.ctrl` behind its name, a
/// control socket, as the TCTI `swtpm:path=...` of tpm2-tss expects them.
///
/// Any number of clients may be connected; their commands are answered one after the other, as a TPM does. Of swtpm's
/// control commands only the choice of locality 0 succeeds: with the others a guest could reset its PCRs or fetch and
/// replace the TPM's whole state.
public final class TPMServer: Sendable {
    public let path: String
    public var tcti: String { "swtpm:path=" + path }
    private let running: Mutex<Running?>

    private struct Running: ~Copyable {
        /// Closing it ends the thread.
        let wake: FileDescriptor
        let thread: ServiceThread

        func end() { shutdown(wake.rawValue, Int32(SHUT_RDWR)) }
    }

    /// Makes the sockets and serves them on a thread of its own.
    ///
    /// - Parameters:
    ///   - path: absolute; with `.ctrl` at most 107 bytes, which is what a socket's name may have.
    ///   - transport: sees whole commands only; a client that it has no response for is hung up on.
    public init(path: String, transport: any TPMTransport) throws(FileError) {
        self.path = path
        var ends: (ours: Int32, theirs: Int32) = (-1, -1)
        guard unsafe shim_socket_pair(&ends.ours, &ends.theirs) == 0 else {
            throw FileError(.create, path, errno: shim_errno())
        }
        let wake = FileDescriptor(owning: ends.ours, path: path)
        let end = FileDescriptor(owning: ends.theirs, path: path)
        let data = try Self.listen(path)
        let control: FileDescriptor
        do throws(FileError) { control = try Self.listen(path + ".ctrl") } catch {
            _ = unsafe unlink(path)
            throw error
        }
        let loop = TPMServerLoop(data: data, control: control, end: end, transport: transport)
        guard let thread = ServiceThread.start({ loop.run() }) else {
            for name in [path, path + ".ctrl"] { _ = unsafe unlink(name) }
            throw FileError(.run, path, errno: EAGAIN)
        }
        running = Mutex(Running(wake: wake, thread: thread))
    }

    deinit { stop() }

    /// Hangs up on all clients and removes the sockets. A command that runs is finished first.
    public func stop() {
        running.withLock { running in
            guard running != nil else { return }
            for name in [path, path + ".ctrl"] { _ = unsafe unlink(name) }
            running?.end()
            running = nil
        }
    }

    private static func listen(_ path: String) throws(FileError) -> FileDescriptor {
        // One that a killed emulator left. Whoever calls has locked the guest's state.
        _ = unsafe unlink(path)
        let listener = unsafe shim_listen_at(path, 64)
        guard listener >= 0 else { throw FileError(.create, path, errno: shim_errno()) }
        return FileDescriptor(owning: listener, path: path)
    }
}
