import Glibc
import InitramfsRuntime
import SNPEmulator
import Synchronization
import Testing

@testable import EmulatedMachine

/// The control channel as QEMU speaks it: numbers, sizes and bits are those of its `tpm_ioctl.h`.
@Suite struct TPMControlServerTests {
    /// A TPM that answers each command with its own bytes, until it is told to die.
    private final class Echo: TPMTransport {
        static let death: [UInt8] = [0x80, 0x01, 0, 0, 0, 10, 0, 0, 0, 0xFF]
        let commands = Mutex<[[UInt8]]>([])

        func exchange(_ command: [UInt8]) throws(SVSMError) -> [UInt8] {
            if command == Self.death { throw .ended(status: 1, message: "gone") }
            commands.withLock { $0.append(command) }
            return command
        }
    }

    private let tpm = Echo()
    private let alarm: Alarm

    init() throws { alarm = try Alarm() }

    private func serve(_ body: (borrowing ControlClient) throws -> Void) throws {
        let sockets = try SocketPair("control")
        let client = dup(sockets.ours.rawValue)
        let end = dup(sockets.theirs.rawValue)
        let server = try TPMControlServer(
            FileDescriptor(owning: end, path: "control"), transport: tpm, alarm: alarm)
        try body(ControlClient(socket: FileDescriptor(owning: client, path: "client")))
        server.stop()
    }

    @Test func hasWhatQEMUDemandsOfATPM2() throws {
        try serve { client in
            let answer = client.ask(0x01, count: 8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            // INIT, SHUTDOWN, GET_TPMESTABLISHED, SET_LOCALITY, RESET_TPMESTABLISHED, SET_DATAFD, STOP, SET_BUFFERSIZE.
            let wanted: UInt64 = 1 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 7 | 1 << 12 | 1 << 10 | 1 << 13
            #expect(answer & wanted == wanted)
            // GET_STATEBLOB and SET_STATEBLOB: the state leaves the TPM for nobody.
            #expect(answer & (1 << 8 | 1 << 9) == 0)
            #expect(client.ask(0x04, count: 8) == [0, 0, 0, 0, 0, 0, 0, 0])
            // As many bytes as a CRB has, whatever was asked for.
            let size: [UInt8] = [0, 0, 0x10, 0]
            #expect(client.ask(0x11, [0, 0, 0, 0], count: 16) == [0, 0, 0, 0] + size + size + size)
            #expect(client.ask(0x05, [0, 0, 0, 0]) == [0, 0, 0, 0])
            for command: UInt8 in [0x03, 0x09, 0x0E] { #expect(client.ask(command) == [0, 0, 0, 0]) }
        }
    }

    @Test func isResetByNobodyWithinOneLaunch() throws {
        try serve { client in
            #expect(client.ask(0x02, [0, 0, 0, 0]) == [0, 0, 0, 0])
            #expect(client.ask(0x0E) == [0, 0, 0, 0])
            #expect(client.ask(0x02, [0, 0, 0, 0]) == [0, 0, 0, 9])
        }
    }

    @Test func refusesWhatWouldReachIntoTheTPM() throws {
        try serve { client in
            // HASH_START, HASH_DATA, HASH_END, STORE_VOLATILE, GET_STATEBLOB, SET_STATEBLOB, GET_CONFIG, GET_INFO,
            // LOCK_STORAGE, and one that is none.
            for command: UInt8 in [0x06, 0x07, 0x08, 0x0A, 0x0C, 0x0D, 0x0F, 0x12, 0x13, 0x77] {
                #expect(client.ask(command, [UInt8](repeating: 0, count: 12)) == [0, 0, 0, 10], "command \(command)")
            }
            for locality: UInt8 in 1...4 { #expect(client.ask(0x05, [locality, 0, 0, 0]) == [0, 0, 0, 61]) }
            #expect(client.ask(0x05) == [0, 0, 0, 25], "no locality")
            #expect(client.ask(0x10) == [0, 0, 0, 9], "no descriptor")
        }
    }

    @Test func carriesCommandsOverTheChannelThatQEMUGives() throws {
        try serve { client in
            let data = try SocketPair("data")
            let second = try SocketPair("second")
            #expect(client.give(data.theirs.rawValue) == [0, 0, 0, 0])
            #expect(client.give(second.theirs.rawValue) == [0, 0, 0, 9], "there is one channel")
            let command: [UInt8] = [0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x44, 0, 0]
            #expect(exchange(command, 12, on: data.ours.rawValue) == command)
            // TPM_RC_COMMAND_SIZE for what is no command, and the next one is carried as before.
            let error: [UInt8] = [0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x42]
            let zeros = [UInt8](repeating: 0, count: 4097)
            for nonsense in [[0x80, 0x01, 0], Array(command.dropLast()), command + [0], zeros] as [[UInt8]] {
                #expect(exchange(nonsense, 10, on: data.ours.rawValue) == error)
            }
            #expect(exchange(command, 12, on: data.ours.rawValue) == command)
            #expect(tpm.commands.withLock { $0 } == [command, command])
        }
    }

    @Test func tellsThatTheTPMIsGone() throws {
        try serve { client in
            let data = try SocketPair("data")
            #expect(client.give(data.theirs.rawValue) == [0, 0, 0, 0])
            #expect(alarm.failure == nil)
            #expect(exchange(Echo.death, 0, on: data.ours.rawValue) == [])
            var entry = pollfd(fd: alarm.descriptor, events: Int16(POLLIN), revents: 0)
            #expect(unsafe poll(&entry, 1, 10_000) == 1)
            guard case .svsm(.ended(1, "gone")) = alarm.failure else {
                Issue.record("no alarm: \(String(describing: alarm.failure))")
                return
            }
        }
    }
}
