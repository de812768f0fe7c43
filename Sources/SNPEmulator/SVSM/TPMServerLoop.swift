internal import CLinux
internal import InitramfsRuntime

/// What the thread of a `TPMServer` does: one poll(2) over everybody, so that a client that sends half a command keeps
/// nobody waiting.
final class TPMServerLoop: @unchecked Sendable {
    // Only the thread uses it once it runs: hence unchecked.
    private let data: FileDescriptor
    private let control: FileDescriptor
    private let end: FileDescriptor
    private let transport: any TPMTransport
    private var clients: [Client] = []

    /// More than this many wait in the sockets' queues.
    private static let mostClients = 256

    private final class Client {
        let socket: FileDescriptor
        let isControl: Bool
        /// What came of a command that is not whole yet.
        var pending: [UInt8] = []

        init(_ socket: consuming FileDescriptor, isControl: Bool) {
            self.socket = socket
            self.isControl = isControl
        }
    }

    init(
        data: consuming FileDescriptor, control: consuming FileDescriptor, end: consuming FileDescriptor,
        transport: any TPMTransport
    ) {
        self.data = data
        self.control = control
        self.end = end
        self.transport = transport
    }

    func run() {
        while true {
            let isAccepting = clients.count < Self.mostClients
            var entries = [
                entry(end.rawValue), entry(isAccepting ? data.rawValue : -1),
                entry(isAccepting ? control.rawValue : -1),
            ]
            entries += clients.map { entry($0.socket.rawValue) }
            guard unsafe poll(&entries, nfds_t(entries.count), -1) >= 0 || shim_errno() == EINTR else { return }
            guard entries[0].revents == 0 else { return }
            let ready = zip(clients, entries[3...]).filter { $1.revents != 0 }.map(\.0)
            let gone = ready.filter { !serve($0) }
            clients.removeAll { client in gone.contains { $0 === client } }
            if entries[1].revents != 0 { accept(data.rawValue, isControl: false) }
            if entries[2].revents != 0 { accept(control.rawValue, isControl: true) }
        }
    }

    private func entry(_ descriptor: Int32) -> pollfd { pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0) }

    private func accept(_ listener: Int32, isControl: Bool) {
        let socket = shim_accept(listener)
        guard socket >= 0 else { return }
        clients.append(Client(FileDescriptor(owning: socket, path: "client"), isControl: isControl))
    }

    /// Reads what there is and answers what is whole; false where the client is to be hung up on.
    private func serve(_ client: Client) -> Bool {
        var block = [UInt8](repeating: 0, count: TPMFrame.longest)
        let got = unsafe read(client.socket.rawValue, &block, block.count)
        guard got > 0 else { return got < 0 && (shim_errno() == EAGAIN || shim_errno() == EINTR) }
        guard !client.isControl else { return send(Self.controlResponse(to: block[..<got]), to: client) }
        client.pending += block[..<got]
        while let size = TPMFrame.byteCount(client.pending[...]) {
            guard TPMFrame.isPossible(size) else { return false }
            guard client.pending.count >= size else { break }
            let command = Array(client.pending[..<size])
            client.pending.removeFirst(size)
            let response: [UInt8]
            do throws(SVSMError) { response = try transport.exchange(command) } catch { return false }
            guard send(response, to: client) else { return false }
        }
        return true
    }

    /// False where the client does not take it: one that reads nothing must not stop the others.
    private func send(_ bytes: [UInt8], to client: Client) -> Bool {
        unsafe shim_send(client.socket.rawValue, bytes, bytes.count, 0) == bytes.count
    }

    /// Source: swtpm, tpm_ioctl.h: a command is a 32-bit big-endian number and its parameters; the response begins with
    /// a 32-bit TPM 1.2 result code. CMD_SET_LOCALITY is 5; TPM_BAD_LOCALITY is 61, TPM_BAD_ORDINAL 10.
    private static func controlResponse(to request: ArraySlice<UInt8>) -> [UInt8] {
        guard request.starts(with: [0, 0, 0, 5]), request.count >= 5 else { return [0, 0, 0, 10] }
        return request[request.startIndex + 4] == 0 ? [0, 0, 0, 0] : [0, 0, 0, 61]
    }
}
