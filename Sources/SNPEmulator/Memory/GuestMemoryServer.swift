internal import CLinux
internal import EncryptedMemory
internal import InitramfsRuntime

/// Answers `snp-emulator memory` about a guest's memory, from a thread of its own, until it is released.
struct GuestMemoryServer: ~Copyable {
    private let server: MemoryServer
    // Ends after `server` has stopped: fields go after `deinit`.
    private let thread: ServiceThread

    /// Only the thread uses it once it runs: hence unchecked.
    private final class Model: @unchecked Sendable {
        let service: MemoryService<GuestObservation>
        init(_ memory: LaunchedMemory) { service = MemoryService(GuestObservation(memory.guest)) }
    }

    /// - Parameter folder: for the socket. One that a killed emulator left there is replaced.
    static func start(_ memory: consuming LaunchedMemory, in folder: String) throws(FileError) -> GuestMemoryServer {
        let server = try MemoryServer(in: folder)
        let model = Model(memory)
        guard let thread = ServiceThread.start({ server.run { model.service.answer($0) } }) else {
            server.stop()
            throw FileError(.run, folder, errno: EAGAIN)
        }
        return GuestMemoryServer(server: server, thread: thread)
    }

    private init(server: MemoryServer, thread: consuming ServiceThread) {
        self.server = server
        self.thread = thread
    }

    deinit { server.stop() }
}
