import EncryptedMemory
import Foundation
import JSON
import TestSupport
import Testing

/// `snp-emulator memory`, against a guest of the model on a socket.
@Suite struct MemoryCommandTests {
    /// A state folder whose guest runs while `body` does.
    private func withGuest(_ body: (Scratch) throws -> Void) throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch.file("run"), withIntermediateDirectories: true)
        let server = try MemoryServer(in: scratch.file("run"))
        let finished = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            defer { finished.signal() }
            guard let machine = try? Machine(.sevSNP), (try? machine.makePrivate(GuestAddress(0x3000))) != nil,
                (try? machine.guest.write(GuestAddress(0x3100), Machine.secret)) != nil
            else { return }
            let service = MemoryService(GuestObservation(machine.guest), scanLimit: 1 << 20)
            server.run { service.answer($0) }
        }
        defer {
            server.stop()
            finished.wait()
        }
        try body(scratch)
    }

    private func run(_ scratch: Scratch, _ words: [String]) throws -> CommandResult {
        try Command.run([Scratch.product("snp-emulator").path(), "memory", "--state", scratch.path] + words)
    }

    @Test func theHostFindsNothingThatTheGuestFinds() throws {
        try withGuest { scratch in
            try scratch.write(Machine.secret, to: "secret")
            let words = ["scan", "--from", scratch.file("secret"), "--json"]
            let host = try JSONValue(parsing: try run(scratch, words).output)
            let guest = try JSONValue(parsing: try run(scratch, words + ["--as", "guest"]).output)
            #expect(host["hits"] == .array([]) && host["scanned"] == .integer(4 << 20))
            #expect(guest["hits"] == .array([.string("0x3100")]))
            #expect(guest["scanned"] == .integer(4096) && guest["unreadable"] == .integer((4 << 20) - 4096))
            let text = try run(scratch, ["scan", "766f6c756d65", "--as", "guest"]).text
            #expect(text == "0x3104\n4096 bytes looked at, 4190208 could not be read")
        }
    }

    @Test func readsWritesAndMaps() throws {
        try withGuest { scratch in
            let dump = try run(scratch, ["read", "0x3100", "20", "--as", "guest"])
            #expect(
                dump.text == """
                    3100  74686520766f6c756d65206b6579206f  the volume key o
                    3110  66207468                          f th
                    """)
            let json = try run(scratch, ["read", "0x3100", "3", "--as", "guest", "--json"]).text
            #expect(json == #"{"address":"0x3100","bytes":"746865"}"#)
            let large = try run(scratch, ["read", "0x0", "0x180000", "--json"])
            #expect(large.output.count > 2 * 0x180000 && large.status == 0)
            let refused = try run(scratch, ["write", "0x3100", "00"])
            #expect(refused.status == 74)
            #expect(refused.errorText == "snp-emulator: memory: #PF (RMP) at 0x3000\n")
            #expect(try run(scratch, ["write", "0x3100", "54", "--as", "guest"]).status == 0)
            #expect(try run(scratch, ["read", "0x3100", "3", "--as", "guest", "--json"]).text.contains("546865"))
            #expect(
                try run(scratch, ["map"]).text == """
                    0x0  0x3000  shared
                    0x3000  0x1000  private validated
                    0x4000  0x3fc000  shared
                    """)
            let map = try JSONValue(parsing: try run(scratch, ["map", "--json"]).output)
            #expect(map["ranges"]?.array?.count == 3)
            #expect(try run(scratch, ["read", "0x40000000", "1"]).status == 66)
        }
    }

    @Test func saysThatNoGuestRuns() throws {
        let scratch = try Scratch()
        let result = try run(scratch, ["map"])
        #expect(result.status == 66)
        #expect(result.errorText == "snp-emulator: memory: no guest runs on \(scratch.path)\n")
        try scratch.write([], to: "empty")
        #expect(try run(scratch, ["scan", "--from", scratch.file("empty")]).status == 65)
        #expect(try run(scratch, ["scan", "--from", scratch.file("none")]).status == 66)
    }

    @Test(arguments: [
        ["read"], ["read", "0x0"], ["read", "0", "1"], ["read", "0x0", "0"], ["read", "0x0", "x"],
        ["write", "0x0", "1"],
        ["write", "0x0", ""], ["scan"], ["scan", "0g"], ["map", "0x0"], ["map", "--from", "x"], ["burn"],
        ["map", "--as", "nobody"],
    ])
    func refusesCommandLinesThatMeanNothing(_ words: [String]) throws {
        #expect(try run(Scratch(), words).status == 64)
    }
}
