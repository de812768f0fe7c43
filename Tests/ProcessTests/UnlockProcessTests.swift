import Foundation
import JSON
import TestSupport
import Testing

@Suite struct UnlockProcessTests {
    private func json(_ result: CommandResult) throws -> JSONValue { try JSONValue(parsing: result.output) }

    @Test func verifiesTheVolumeThatItWasEnrolledWith() throws {
        let machine = try Machine()
        #expect(try machine.enroll().status == 0)
        let result = try machine.unlock()
        #expect(result.status == 0, "\(result.errorText)")
        let report = try json(result)
        #expect(report["result"] == .string("verified"))
        #expect(report["mapping"] == .null)
        let steps = report["steps"]?.array?.compactMap { $0["name"]?.string }
        #expect(steps == ["configure", "prepare", "copy-header", "find-key", "unseal", "authenticate"])
        #expect(try #require(report["tpm_commands"]?.integer) <= 12)
    }

    @Test func aChangedMeasurementIsRefusedAndNamed() throws {
        let machine = try Machine()
        try machine.enroll()
        try machine.extend(9, "initrd with one file added")
        let result = try machine.unlock()
        #expect(result.status == 77)
        #expect(result.errorText.contains("PCR 9 (files that GRUB read"))
        #expect(!result.errorText.contains("PCR 8"))
    }

    @Test func afterTheFenceTheSameBootUnsealsNoMore() throws {
        let machine = try Machine()
        try machine.enroll()
        #expect(try machine.unlock().status == 0)
        #expect(try machine.fence().status == 0)
        #expect(try machine.unlock().status == 77)
    }

    @Test func theFenceIsIdempotent() throws {
        let machine = try Machine()
        #expect(try machine.fence().status == 0)
        let once = try machine.tpm.succeed("tpm2_pcrread", "sha256:12").text
        #expect(try machine.fence().status == 0)
        #expect(try machine.tpm.succeed("tpm2_pcrread", "sha256:12").text == once)
        #expect(!once.contains("0x" + String(repeating: "0", count: 64)))
    }

    @Test func enrolsInABootThatIsFencedAlready() throws {
        let machine = try Machine()
        #expect(try machine.fence().status == 0)
        #expect(try machine.enroll().status == 0)
        #expect(try machine.unlock().status == 77, "this boot stays fenced")
        machine.tpm.stop()
        try machine.tpm.start()
        for pcr in Machine.measured { try machine.extend(pcr, "event in PCR \(pcr)") }
        #expect(try machine.unlock().status == 0, "the next one unlocks")
    }

    @Test(arguments: [0, 0x4000])
    func aPowerCutBetweenTheTwoHeaderWritesDoesNoHarm(_ offset: Int) throws {
        let machine = try Machine()
        try machine.enroll()
        let old = try machine.volume.read(offset, 0x4000)
        _ = try machine.volume.importToken(#"{"type":"test","keyslots":[]}"#, id: 5)
        try machine.volume.write(old, at: offset)
        let result = try machine.unlock()
        #expect(result.status == 0, "\(result.errorText)")
    }

    /// tpm2_createprimary makes a storage key that is subject to lockout, unlike ours.
    @Test func lockoutSaysHowLong() throws {
        let machine = try Machine()
        try machine.tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", "primary")
        try machine.tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "primary", "0x81000002")
        try machine.tpm.succeed("tpm2_flushcontext", "-t")
        let enrolled = try machine.enroll()
        #expect(enrolled.status == 0, "\(enrolled.errorText)")
        try machine.tpm.succeed("tpm2_dictionarylockout", "-s", "-n", "1", "-t", "1000", "-l", "500")
        try machine.tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-p", "right", "-c", "victim")
        #expect(
            try machine.tpm.tool("tpm2_create", "-Q", "-C", "victim", "-P", "wrong", "-u", "u", "-r", "r").status != 0)
        try machine.tpm.succeed("tpm2_flushcontext", "-t")
        let result = try machine.unlock()
        #expect(result.status == 75)
        #expect(result.errorText.contains("one try comes back within 1000 s"), "\(result.errorText)")
    }

    @Test func anotherTPMIsRefused() throws {
        let machine = try Machine()
        try machine.enroll()
        let other = try Machine()
        try other.enroll()
        let result = try machine.unlock("--tcti", other.tpm.tcti)
        #expect(result.status == 77)
        #expect(result.errorText.contains("another TPM"))
    }

    @Test func anotherPinnedParentIsRefused() throws {
        let machine = try Machine()
        try machine.enroll()
        try machine.configure("boot-check = off\nparent-name = 000b" + String(repeating: "00", count: 32) + "\n")
        #expect(try machine.unlock().status == 77)
    }

    @Test func missingTPMAndMissingDiskAreToldApart() throws {
        let machine = try Machine()
        try machine.enroll()
        #expect(try machine.unlock("--tcti", "device:/dev/no-such-tpm").status == 69)
        #expect(try machine.unlock("--device", "/dev/no-such-disk").status == 66)
    }

    @Test func aVolumeWithoutTokenIsRefusedUnlessTheConfigurationSaysOtherwise() throws {
        let machine = try Machine()
        #expect(try machine.unlock().status == 79)
        try machine.configure("boot-check = off\nunenrolled = prompt\n")
        let result = try machine.unlock()
        #expect(result.status == 0)
        #expect(try json(result)["result"] == .string("unenrolled"))
    }

    @Test(arguments: [("devise = x\n", 78), ("fence-pcr = 16\n", 78)])
    func aMistypedConfigurationIsRefused(_ line: String, _ code: Int32) throws {
        let machine = try Machine(extraLines: line)
        #expect(try machine.unlock().status == code)
    }

    @Test(arguments: [["unlock", "--what"], ["open"], [], ["unlock", "--device"], ["fence", "--json"]])
    func anUnknownCommandLineIsAUsageError(_ arguments: [String]) throws {
        #expect(try Command.run([Machine.guestProgram] + arguments).status == 64)
    }
}
