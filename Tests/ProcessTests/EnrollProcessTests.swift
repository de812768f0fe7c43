import Foundation
import JSON
import TestSupport
import Testing

@Suite struct EnrollProcessTests {
    private func keyslots(_ machine: Machine) throws -> Int {
        let text = try machine.volume.cryptsetup("luksDump", ["--dump-json-metadata", machine.volume.path])
        return try JSONValue(parsing: text)["keyslots"]?.members?.count ?? 0
    }

    @Test func leavesThePassphraseAsItIsAndMakesTheStorageKey() throws {
        let machine = try Machine()
        let result = try machine.enroll("--json")
        #expect(result.status == 0, "\(result.errorText)")
        let object = try JSONValue(parsing: result.output)
        #expect(object["parent"] == .string("0x81000002"))
        #expect(try machine.tpm.succeed("tpm2_getcap", "handles-persistent").text.contains("0x81000002"))
        _ = try machine.volume.cryptsetup(
            "open", ["--test-passphrase", "--key-file", machine.volume.keyFile, machine.volume.path])
    }

    @Test func wipeUndoesIt() throws {
        let machine = try Machine()
        let before = try keyslots(machine)
        try machine.enroll()
        #expect(try keyslots(machine) == before + 1)
        #expect(try machine.enroll().status == 79, "a second token is refused")
        #expect(try machine.wipe().status == 0)
        #expect(try keyslots(machine) == before)
        #expect(try machine.wipe().status == 79, "nothing is left to wipe")
        #expect(try machine.enroll().status == 0)
    }

    @Test func aKilledEnrolmentLeavesThePassphraseAndCanBeDoneAgain() throws {
        let machine = try Machine()
        let enroll = [
            Scratch.product("sealroot").path, "enroll", machine.volume.path, "--key-file", machine.volume.keyFile,
            "--tcti", machine.tpm.tcti,
        ]
        var killed = 0
        for milliseconds in stride(from: 10, to: 400, by: 30) {
            let delay = String(format: "%.3f", Double(milliseconds) / 1000)
            let result = try Command.run(["timeout", "-s", "KILL", delay] + enroll)
            if result.status != 0 { killed += 1 }
            _ = try machine.volume.cryptsetup(
                "open", ["--test-passphrase", "--key-file", machine.volume.keyFile, machine.volume.path])
            _ = try machine.volume.cryptsetup("repair", [machine.volume.path])
            _ = try machine.wipe()
        }
        #expect(killed > 0)
        let result = try machine.enroll()
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try machine.unlock().status == 0)
    }

    @Test func aWrongPassphraseChangesNothing() throws {
        let machine = try Machine()
        try machine.tpm.write(Array("wrong".utf8), to: "wrong")
        let before = try Command.run(["sha256sum", machine.volume.path]).text
        let result = try machine.sealroot([
            "enroll", machine.volume.path, "--key-file", machine.tpm.path("wrong"), "--tcti", machine.tpm.tcti,
        ])
        #expect(result.status == 79)
        #expect(try Command.run(["sha256sum", machine.volume.path]).text == before)
    }

    @Test(arguments: [["--pcrs", "4,7"], ["--pcrs", "24,12"], ["--pcrs", ""], ["--parent", "0x80000000"]])
    func aListWithoutFenceOrWithNonsenseIsAUsageError(_ arguments: [String]) throws {
        let machine = try Machine()
        let all = ["enroll", machine.volume.path, "--key-file", machine.volume.keyFile, "--tcti", machine.tpm.tcti]
        #expect(try machine.sealroot(all + arguments).status == 64)
    }

    @Test func anUnexplainedFencePCRIsRefused() throws {
        let machine = try Machine()
        try machine.extend(12, "a command line that a stub measured")
        #expect(try machine.enroll().status == 77)
    }
}
