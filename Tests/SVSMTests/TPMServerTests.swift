import Foundation
import Glibc
import TestSupport
import Testing

@testable import SNPEmulator

@Suite struct TPMServerTests {
    /// A client that stopped in the middle of a command keeps nobody waiting.
    @Test func servesManyClientsInTurn() throws {
        let folder = try VTPMFolder()
        let tpm = try folder.open()
        let tools = try folder.tools(for: tpm)
        let path = tools.socketPath
        let stuck = try SocketClient(path)
        stuck.send([0x80, 0x01, 0, 0])
        let results = try (0..<8).map { _ in try tools.run("tpm2_getrandom", "--hex", "16").text }
        #expect(Set(results).count == 8)
        stuck.send([0, 12, 0, 0, 0x01, 0x7B, 0, 8])
        #expect(stuck.receive().prefix(2) == [0x80, 0x01])
    }

    /// A size that no command has, and half a command before the end.
    @Test(
        arguments: [[0x80, 0x01, 0, 0, 0, 9, 0, 0, 1, 0x7B], [0x80, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 1, 0x7B]]
            as [[UInt8]])
    func hangsUpOnWhatIsNoCommand(bytes: [UInt8]) throws {
        let folder = try VTPMFolder()
        let tpm = try folder.open()
        let tools = try folder.tools(for: tpm)
        let client = try SocketClient(tools.socketPath)
        client.send(bytes)
        #expect(client.receive() == [])
        try tools.run("tpm2_getrandom", "8")
    }

    /// swtpm's CMD_INIT would reset the PCRs, CMD_GET_STATEBLOB hand out the state; the control shows that swtpm's own
    /// control channel does the former.
    @Test func letsNobodyResetTheTPM() throws {
        let reset: [UInt8] = [0, 0, 0, 2, 0, 0, 0, 0]
        let extended = "0x0000000000000000000000000000000000000000000000000000000000000000"
        let folder = try VTPMFolder()
        let tpm = try folder.open()
        let tools = try folder.tools(for: tpm)
        try tools.run("tpm2_pcrextend", "16:sha256=" + String(repeating: "ab", count: 32))
        let before = try tools.run("tpm2_pcrread", "sha256:16").text
        #expect(!before.contains(extended))
        let channel = try SocketClient(tools.socketPath + ".ctrl")
        for command in [reset, [0, 0, 0, 0x0C, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 5, 4]] {
            channel.send(command)
            #expect(channel.receive() != [0, 0, 0, 0])
        }
        channel.send([0, 0, 0, 5, 0])
        #expect(channel.receive() == [0, 0, 0, 0])
        #expect(try tools.run("tpm2_pcrread", "sha256:16").text == before)
        let control = try SoftwareTPM()
        try control.succeed("tpm2_pcrextend", "16:sha256=" + String(repeating: "ab", count: 32))
        do {
            // swtpm has room for one at a time.
            let client = try SocketClient(control.socketPath + ".ctrl")
            client.send(reset)
            #expect(client.receive() == [0, 0, 0, 0])
        }
        try control.succeed("tpm2_startup", "-c")
        #expect(try control.succeed("tpm2_pcrread", "sha256:16").text.contains(extended))
    }

    /// The command fails, each one after it fails, and nothing hangs.
    @Test func failsForGoodWhenTheTPMIsKilledInTheMiddle() throws {
        let folder = try VTPMFolder()
        let tpm = try folder.open()
        let tools = try folder.tools(for: tpm)
        kill(tpm.processNumber, SIGSTOP)
        let killer = Thread {
            usleep(200_000); kill(tpm.processNumber, SIGKILL)
        }
        killer.start()
        #expect(try tools.attempt(["tpm2_getrandom", "8"]).status != 0)
        #expect(try tools.attempt(["tpm2_getrandom", "8"]).status != 0)
        let error = #expect(throws: SVSMError.self) { try tpm.exchange(TPMCommand.getRandom(byteCount: 8)) }
        #expect(error == .ended(status: 128 + SIGKILL, message: ""))
        // What it had written is still a TPM.
        try folder.open().close()
    }

    @Test func saysThatASocketsNameIsTooLong() throws {
        let folder = try VTPMFolder()
        let tpm = try folder.open()
        let path = folder.scratch.file(String(repeating: "x", count: 120))
        #expect(throws: (any Error).self) { try TPMServer(path: path, transport: tpm) }
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
