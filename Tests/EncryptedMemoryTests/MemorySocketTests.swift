import EncryptedMemory
import Foundation
import InitramfsRuntime
import TestSupport
import Testing

@Suite struct MemorySocketTests {
    /// A guest of the model that a thread serves, as a running emulator does.
    private final class Served: @unchecked Sendable {
        let scratch: Scratch
        let server: MemoryServer
        private let finished = DispatchSemaphore(value: 0)

        init(in scratch: Scratch) throws {
            self.scratch = scratch
            server = try MemoryServer(in: scratch.path)
            let server = server
            let (ready, finished) = (DispatchSemaphore(value: 0), finished)
            Thread.detachNewThread {
                defer { finished.signal() }
                guard let machine = try? Machine(.sevSNP), (try? machine.makePrivate(GuestAddress(0x3000))) != nil,
                    (try? machine.guest.write(GuestAddress(0x3000), Machine.secret)) != nil
                else { return }
                let service = MemoryService(GuestObservation(machine.guest))
                ready.signal()
                server.run { service.answer($0) }
            }
            ready.wait()
        }

        func stop() {
            server.stop()
            finished.wait()
        }
    }

    @Test func aClientSeesWhatTheGuestSees() throws {
        let served = try Served(in: Scratch())
        defer { served.stop() }
        let client = try MemoryClient(in: served.scratch.path)
        let read = MemoryRequest(.read, as: .guest, GuestAddress(0x3000), byteCount: UInt64(Machine.secret.count))
        #expect(try client.ask(read) == .bytes(Machine.secret))
        let largest = MemoryRequest(.read, as: .host, GuestAddress(0), byteCount: UInt64(MemoryRequest.mostBytes))
        guard case .bytes(let bytes) = try client.ask(largest) else { throw Machine.Failure() }
        #expect(bytes.count == MemoryRequest.mostBytes)
        let write = MemoryRequest(.write, as: .host, GuestAddress(0x3000), byteCount: 1, payload: [1])
        #expect(throws: MemoryClient.Failure.self) { try client.ask(write) }
        let permissions = try served.scratch.shell("stat -c %a memory")
        #expect(permissions == "600")
    }

    /// A folder's name may be longer than a socket's address can be.
    @Test func aLongPathIsNoObstacle() throws {
        let outer = try Scratch()
        let deep = outer.path + "/" + [String](repeating: "a folder with a long name", count: 8).joined(separator: "/")
        try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
        let server = try MemoryServer(in: deep)
        #expect(outer.exists(String(deep.dropFirst(outer.path.count + 1)) + "/memory"))
        server.stop()
        #expect(!outer.exists(String(deep.dropFirst(outer.path.count + 1)) + "/memory"))
    }

    @Test func saysThatNoGuestRuns() throws {
        let scratch = try Scratch()
        func error() -> FileError? {
            do throws(FileError) { _ = try MemoryClient(in: scratch.path) } catch { return error }
            return nil
        }
        #expect(error()?.isMissing == true)
        // One that was killed leaves its socket.
        try scratch.shell("python3 -c \"import socket; s = socket.socket(socket.AF_UNIX); s.bind('memory')\"")
        #expect(error()?.isMissing == true)
        // The next one takes its place.
        let served = try Served(in: scratch)
        #expect(error() == nil)
        served.stop()
        #expect(error()?.isMissing == true)
    }

    /// Clients that send nonsense or break off do not take the server with them.
    @Test func survivesBadClients() throws {
        let served = try Served(in: Scratch())
        defer { served.stop() }
        try served.scratch.shell(
            """
            python3 - <<'END'
            import os, socket, struct
            for bytes in [b"", b"\\x01", b"\\x10\\0\\0\\0", b"\\xff\\xff\\xff\\xff", b"\\x04\\0\\0\\0abcd", b"\\0\\0\\0\\0", os.urandom(65536)]:
                s = socket.socket(socket.AF_UNIX); s.connect("memory")
                try:
                    s.sendall(bytes)
                except BrokenPipeError:
                    pass
                s.close()
            # The largest answers, and nobody who takes them.
            s = socket.socket(socket.AF_UNIX); s.connect("memory")
            s.sendall(struct.pack("<IBBBBQQ", 20, 1, 1, 0, 0, 0, 1 << 20) * 3)
            s.close()
            END
            """)
        let client = try MemoryClient(in: served.scratch.path)
        let read = MemoryRequest(.read, as: .guest, GuestAddress(0x3000), byteCount: UInt64(Machine.secret.count))
        #expect(try client.ask(read) == .bytes(Machine.secret))
    }

    /// The protocol by another implementation, from the documented layout alone.
    @Test func anotherImplementationReadsTheSame() throws {
        let served = try Served(in: Scratch())
        defer { served.stop() }
        let text = try served.scratch.shell(
            """
            python3 - <<'END'
            import socket, struct
            s = socket.socket(socket.AF_UNIX); s.connect("memory")
            def ask(operation, observer, address, count, payload=b""):
                body = struct.pack("<BBBBQQ", 1, operation, observer, 0, address, count) + payload
                s.sendall(struct.pack("<I", len(body)) + body)
                size, = struct.unpack("<I", s.recv(4, socket.MSG_WAITALL))
                return s.recv(size, socket.MSG_WAITALL)
            print(ask(1, 1, 0x3000, \(Machine.secret.count))[1:].decode())
            print(struct.unpack("<BQQQQ", ask(3, 1, 0, 0, b"the volume key")) if True else "")
            print(struct.unpack("<BQQQ", ask(3, 0, 0, 0x8000, b"the volume key")))
            print(struct.unpack("<BQQQQ", ask(4, 0, 0x3000, 0)[:33]))
            print(ask(2, 0, 0x3000, 1, b"x")[0])
            END
            """)
        #expect(
            text == """
                \(String(decoding: Machine.secret, as: UTF8.self))
                (0, 18446744073709551615, 4096, 4190208, 12288)
                (0, 18446744073709551615, 32768, 0)
                (0, 18446744073709551615, 12288, 4096, 3)
                2
                """)
    }
}
