internal import BoundedBytes
internal import CLinux
public import InitramfsRuntime
public import SNPEmulator
internal import Synchronization

/// The emulator's end of QEMU's `-tpmdev emulator`: in place of swtpm's own, whose control channel would let the host
/// reset the TPM, or take and replace its whole state.
public final class TPMControlServer: Sendable {
    private let socket: Int32
    private let running: Mutex<ServiceThread?>

    /// Serves QEMU on a thread of its own until QEMU hangs up or `stop`.
    ///
    /// - Parameters:
    ///   - control: our end of QEMU's control channel.
    ///   - alarm: raised where the TPM is gone.
    public init(
        _ control: consuming FileDescriptor, transport: any TPMTransport, alarm: Alarm
    ) throws(FileError) {
        socket = control.rawValue
        let loop = TPMControlLoop(control, transport, alarm)
        guard let thread = ServiceThread.start({ loop.run() }) else {
            throw FileError(.run, "the TPM's thread", errno: EAGAIN)
        }
        running = Mutex(thread)
        self.loop = loop
    }

    // It owns the socket, which must not be another's before `stop`.
    private let loop: TPMControlLoop

    deinit { stop() }

    /// Hangs up. A command that runs is finished first.
    public func stop() {
        shutdown(socket, Int32(SHUT_RDWR))
        running.withLock { $0 = nil }
    }
}

/// What the thread does.
final class TPMControlLoop: @unchecked Sendable {
    // Only the thread uses it once it runs: hence unchecked.
    private let control: FileDescriptor
    private let transport: any TPMTransport
    private let alarm: Alarm
    private var data: FileDescriptor?
    private var isInitialized = false

    /// Longest command or response, in bytes: a page of the CRB.
    private static let longest = 4096

    init(_ control: consuming FileDescriptor, _ transport: any TPMTransport, _ alarm: Alarm) {
        self.control = control
        self.transport = transport
        self.alarm = alarm
    }

    func run() {
        while true {
            var entries = [
                pollfd(fd: control.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: data?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            guard unsafe poll(&entries, nfds_t(entries.count), -1) >= 0 || shim_errno() == EINTR else { return }
            if entries[0].revents != 0, !serveControl() { return }
            if entries[1].revents != 0, !serveCommand() { data = nil }
        }
    }

    /// False at the end of the stream.
    private func serveControl() -> Bool {
        var bytes = [UInt8](repeating: 0, count: Self.longest)
        var descriptor: Int32 = -1
        let got = unsafe shim_receive_with_descriptor(control.rawValue, &bytes, bytes.count, &descriptor)
        guard got > 0 else { return got < 0 && shim_errno() == EINTR }
        let received = descriptor < 0 ? nil : FileDescriptor(owning: descriptor, path: "TPM")
        let response = answer(Array(bytes[..<got]), received)
        return unsafe shim_send(control.rawValue, response, response.count, 1) == response.count
    }

    private func answer(_ bytes: [UInt8], _ descriptor: consuming FileDescriptor?) -> [UInt8] {
        let command: TPMControlCommand
        do throws(ByteError) { command = try TPMControlCommand(parsing: bytes) } catch {
            return TPMControlCommand.Result.badSize.encoded
        }
        let result: TPMControlCommand.Result
        switch command {
        case .capabilities: return TPMControlCommand.capabilityAnswer
        case .established: return TPMControlCommand.establishedAnswer
        case .setBufferSize: return TPMControlCommand.bufferSizeAnswer(UInt32(Self.longest))
        case .setDataDescriptor:
            // One that QEMU connected is not given away again.
            result = data == nil && descriptor != nil ? .success : .failure
            if result == .success { data = consume descriptor }
        case .initialize:
            // A machine that is reset is launched anew, with another TPM server. Within one launch nobody resets the TPM:
            // whoever could, could extend its PCRs a second time with what they like.
            result = isInitialized ? .failure : .success
            isInitialized = true
        case .setLocality(let locality): result = locality == 0 ? .success : .badLocality
        // Commands are short; and the TPM lives on until its power goes.
        case .cancel, .resetEstablished, .stop, .shutDown: result = .success
        case .other: result = .badOrdinal
        }
        return result.encoded
    }

    /// Carries one command: QEMU waits for each response, so what one read gives is one. False where nobody is left to
    /// answer, or to be answered.
    private func serveCommand() -> Bool {
        guard let socket = data?.rawValue else { return false }
        var bytes = [UInt8](repeating: 0, count: Self.longest + 1)
        let got = unsafe read(socket, &bytes, bytes.count)
        guard got > 0 else { return got < 0 && shim_errno() == EINTR }
        let command = Array(bytes[..<got])
        var response = Self.sizeError
        if Self.isWhole(command) {
            do throws(SVSMError) { response = try transport.exchange(command) } catch {
                alarm.raise(.svsm(error))
                return false
            }
        }
        return unsafe shim_send(socket, response, response.count, 1) == response.count
    }

    /// Whether it is as long as its header says: tag of 2 bytes, size of 4 bytes, code of 4 bytes, all big-endian.
    ///
    /// Source: TCG TPM 2.0 Library, Part 1, section 18.
    private static func isWhole(_ command: [UInt8]) -> Bool {
        guard (10...longest).contains(command.count) else { return false }
        return command[2..<6].reduce(0) { $0 << 8 | Int($1) } == command.count
    }

    /// TPM_ST_NO_SESSIONS, 10 bytes, TPM_RC_COMMAND_SIZE. Source: TCG TPM 2.0 Library, Part 2, section 6.6.
    private static let sizeError: [UInt8] = [0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x42]
}
