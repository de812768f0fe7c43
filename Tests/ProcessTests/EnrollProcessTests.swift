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

    @Test func unsealTellsWhetherTheTPMGivesTheKeyNow() throws {
        let machine = try Machine()
        let command = [
            "unseal", machine.volume.path, "--config", machine.configurationPath, "--tcti", machine.tpm.tcti,
        ]
        #expect(try machine.sealroot(command).status == 64)
        #expect(try machine.sealroot(command + ["--dry-run"]).status == 79)
        try machine.enroll()
        let result = try machine.sealroot(command + ["--dry-run", "--json"])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try JSONValue(parsing: result.output)["result"] == .string("verified"))
        #expect(try machine.fence().status == 0)
        let fenced = try machine.sealroot(command + ["--dry-run"])
        #expect(fenced.status == 77 && fenced.errorText.contains("PCR 12"))
    }

    @Test func wipeRemovesTheCounterAndTheKey() throws {
        let machine = try Machine()
        try machine.enroll()
        #expect(try machine.tpm.succeed("tpm2_getcap", "handles-nv-index").text.lowercased().contains("0x1805ea0"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: machine.tpm.path("keys")).count == 1)
        let wiped = try machine.wipe("--json")
        #expect(wiped.status == 0, "\(wiped.errorText)")
        #expect(try JSONValue(parsing: wiped.output)["counters"] == .array([.string("0x1805ea0")]))
        #expect(try !machine.tpm.succeed("tpm2_getcap", "handles-nv-index").text.lowercased().contains("0x1805ea0"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: machine.tpm.path("keys")).isEmpty)
    }

    @Test func wipeLeavesAnIndexThatIsNotTheAuthoritys() throws {
        let machine = try Machine()
        try machine.enroll()
        try machine.tpm.succeed("tpm2_nvundefine", "0x1805ea0")
        try machine.tpm.succeed("tpm2_nvdefine", "0x1805ea0", "-s", "8")
        let refused = try machine.unlock()
        #expect(
            refused.status == 77 && refused.errorText.contains("not the revocation counter"), "\(refused.errorText)")
        #expect(try machine.wipe().status == 0)
        #expect(try machine.tpm.succeed("tpm2_getcap", "handles-nv-index").text.lowercased().contains("0x1805ea0"))
    }

    @Test func withoutItsCounterTheTokenOpensNothing() throws {
        let machine = try Machine()
        try machine.enroll()
        try machine.tpm.succeed("tpm2_nvundefine", "0x1805ea0")
        let refused = try machine.unlock()
        #expect(refused.status == 77 && refused.errorText.contains("counter 0x1805ea0 is not there"))
    }

    /// tpm2-tools' own template lacks noDA, and so counts a hard power-off as a failed try.
    @Test func warnsOfAStorageKeyThatLockoutBars() throws {
        let machine = try Machine()
        try machine.tpm.succeed("tpm2_createprimary", "-c", "primary.ctx")
        try machine.tpm.succeed("tpm2_evictcontrol", "-c", "primary.ctx", "0x81000002")
        try machine.tpm.succeed("tpm2_flushcontext", "-t")
        let result = try machine.enroll()
        #expect(result.status == 0 && result.errorText.contains("lacks noDA"), "\(result.errorText)")
        #expect(try machine.unlock().status == 0)
    }
}
