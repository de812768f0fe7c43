import Foundation
import HeaderForgery
import JSON
import TestSupport
import Testing

/// What `sealroot-init unlock` does when the TPM does not release the key and the configuration has a way to recover.
@Suite struct RecoveryProcessTests {
    private static let prompting = "boot-check = off\nrecovery = prompt\n"

    /// An enrolled machine whose boot is refused, since PCR 9 is not as it was.
    private func refusedMachine(_ configuration: String = prompting) throws -> Machine {
        let machine = try Machine()
        try #require(try machine.enroll().status == 0)
        try machine.extend(9, "initrd with one file added")
        try machine.configure(configuration)
        return machine
    }

    private func addRecoveryKey(to machine: Machine) throws -> String {
        let result = try machine.sealroot([
            "recovery-key", "add", machine.volume.path, "--key-file", machine.volume.keyFile, "--json",
        ])
        return try #require(try JSONValue(parsing: result.output)["recovery_key"]?.string)
    }

    private func expectRecovery(
        of machine: Machine, _ askpass: Askpass, from area: String, saying text: String, _ arguments: String...
    ) throws {
        let result = try machine.recover(askpass, arguments)
        #expect(result.status == 0, "\(result.errorText)")
        let report = try JSONValue(parsing: result.output)
        #expect(report["result"] == .string("recovered"))
        #expect(report["code"] == .integer(0))
        #expect(report["mapping"] == .null)
        #expect(report["area"] == .string(area))
        #expect(try #require(report["reason"]?.string).contains(text), "\(report.compact)")
        #expect(report["steps"]?.array?.last?["name"] == .string("recover"))
        #expect(report["steps"]?.array?.last?["result"] == .string("ok"))
        #expect(try askpass.prompts() == ["Recovery key or passphrase of root (\(machine.volume.path)): "])
    }

    // MARK: The prompt

    @Test(arguments: [false, true]) func aTypedRecoveryKeyOpensTheVolumeOfARefusedBoot(_ hasDashes: Bool) throws {
        let machine = try refusedMachine()
        let key = try addRecoveryKey(to: machine)
        let askpass = try Askpass([hasDashes ? key : key.filter { $0 != "-" }.uppercased()])
        try expectRecovery(of: machine, askpass, from: "boot", saying: "PCR 9")
    }

    @Test func soDoesAPassphraseAfterTwoWrongKeys() throws {
        let machine = try refusedMachine()
        let askpass = try Askpass(["wrong", "", "correct horse"])
        let result = try machine.recover(askpass)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try askpass.prompts().count == 3)
        #expect(result.errorText.contains("tries left: 1"))
    }

    @Test func threeWrongKeysEndTheBootWithARestart() throws {
        let machine = try refusedMachine()
        let askpass = try Askpass(["wrong", "correct", "horse", "correct horse"])
        let result = try machine.recover(askpass)
        #expect(result.status == 75)
        #expect(try askpass.prompts().count == 3)
        let report = try JSONValue(parsing: result.output)
        #expect(report["result"] == .string("failed"))
        #expect(report["area"] == .string("boot"))
        let reason = try #require(report["reason"]?.string)
        #expect(reason.contains("PCR 9") && reason.contains("none of 3 keys"))
        #expect(report["steps"]?.array?.last?["result"] == .string("failed"))
    }

    @Test(arguments: [
        ("exit 1", "cannot run"), ("kill -9 $$", "cannot run"), ("exec yes", "too large"),
    ])
    func aPromptThatFailsLeavesTheRefusalAsItIs(_ script: String, _ text: String) throws {
        let machine = try refusedMachine()
        let askpass = try Askpass([])
        try askpass.replace(script)
        let result = try machine.recover(askpass)
        #expect(result.status == 77)
        #expect(result.errorText.contains(text), "\(result.errorText)")
        let missing = try machine.unlock("--recover", "--askpass", "/no/such/program")
        #expect(missing.status == 77)
        #expect(missing.errorText.contains("cannot run /no/such/program: No such file"))
    }

    @Test func nobodyIsAskedUnlessTheConfigurationSaysSo() throws {
        let machine = try refusedMachine("boot-check = off\n")
        let askpass = try Askpass(["correct horse"])
        #expect(try machine.recover(askpass).status == 77)
        try machine.configure("boot-check = off\nrecovery = never\n")
        #expect(try machine.recover(askpass).status == 77)
        try machine.configure(Self.prompting)
        #expect(try machine.unlock("--askpass", askpass.path).status == 77, "a health check asks nobody")
        #expect(try askpass.prompts().isEmpty)
    }

    // MARK: After which failures

    @Test func aMissingTPMIsRecoveredFrom() throws {
        let machine = try refusedMachine()
        try expectRecovery(
            of: machine, try Askpass(["correct horse"]), from: "tpm", saying: "did not appear", "--tcti",
            "device:/dev/no-such-tpm")
    }

    @Test func anotherTPMIsRecoveredFrom() throws {
        let machine = try refusedMachine()
        let other = try Machine()
        try other.enroll()
        try expectRecovery(
            of: machine, try Askpass(["correct horse"]), from: "tpm", saying: "another TPM", "--tcti", other.tpm.tcti)
    }

    @Test func aTokenThatCannotBeReadIsRecoveredFrom() throws {
        let machine = try refusedMachine()
        let token = try machine.volume.cryptsetup("token", ["export", "--token-id", "0", machine.volume.path])
        try machine.volume.cryptsetup("token", ["remove", "--token-id", "0", machine.volume.path])
        _ = try machine.volume.importToken(token.replacing("policies", with: "politics"))
        try expectRecovery(of: machine, try Askpass(["correct horse"]), from: "token", saying: "policies")
    }

    @Test func aLockedTPMIsRecoveredFrom() throws {
        let machine = try Machine()
        try machine.tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", "primary")
        try machine.tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "primary", "0x81000002")
        try machine.tpm.succeed("tpm2_flushcontext", "-t")
        try machine.enroll()
        try machine.configure(Self.prompting)
        try machine.tpm.succeed("tpm2_dictionarylockout", "-s", "-n", "1", "-t", "1000", "-l", "500")
        try machine.tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-p", "right", "-c", "victim")
        _ = try machine.tpm.tool("tpm2_create", "-Q", "-C", "victim", "-P", "wrong", "-u", "u", "-r", "r")
        try machine.tpm.succeed("tpm2_flushcontext", "-t")
        try expectRecovery(of: machine, try Askpass(["correct horse"]), from: "tpm", saying: "lockout")
    }

    @Test func aBootThatTheReferenceRefusesIsRecoveredFrom() throws {
        var boot = try RecordedBoot()
        boot.programs.removeAll { $0.role == "grub" }
        let machine = try Machine(booted: boot, configuration: "recovery = prompt\n")
        try machine.enroll()
        let askpass = try Askpass(["correct horse"])
        let result = try machine.unlockChecked("--recover", "--askpass", askpass.path)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try JSONValue(parsing: result.output)["area"] == .string("boot"))
        #expect(try askpass.prompts().count == 1)
    }

    /// The volume itself, or what was sealed, is not what it should be: no key of the owner's may open that.
    @Test(arguments: ["header", "MAC", "no token", "no fence", "no device", "configuration"])
    func nobodyIsAskedForAKeyTo(_ spoilt: String) throws {
        let machine = try Machine()
        if spoilt != "no token" { try machine.enroll() }
        try machine.configure(Self.prompting)
        let token = try? machine.volume.cryptsetup("token", ["export", "--token-id", "0", machine.volume.path])
        var code: Int32 = 79
        switch spoilt {
        case "header":
            var header = try ForgedHeader(of: machine.volume)
            try header.set("segments.0.encryption", #""cipher_null-ecb""#)
            try header.write(to: machine.volume)
        case "MAC":
            let old = try #require(token?.firstRange(of: /"header_mac": ?"./))
            let text = try #require(token)
            let other: Character = text[text.index(before: old.upperBound)] == "0" ? "1" : "0"
            try machine.volume.cryptsetup("token", ["remove", "--token-id", "0", machine.volume.path])
            _ = try machine.volume.importToken(
                text[..<text.index(before: old.upperBound)] + String(other) + text[old.upperBound...])
        case "no fence":
            try machine.configure(Self.prompting + "fence-pcr = 11\n")
            code = 77
        case "no device":
            try FileManager.default.removeItem(atPath: machine.volume.path)
            code = 66
        case "configuration":
            try machine.configure(Self.prompting + "recovery = prompt\n")
            code = 78
        default: #expect(token == nil)
        }
        let askpass = try Askpass(["correct horse"])
        let result = try machine.recover(askpass)
        #expect(result.status == code, "\(result.errorText)")
        #expect(try askpass.prompts().isEmpty)
    }

    // MARK: A key on a device

    /// A device with a FAT file system that holds the key as `/keys/root.key`.
    private func keyDisk(_ key: String, in scratch: Scratch) throws -> String {
        try scratch.write(Array(key.utf8), to: "key")
        try scratch.shell(
            """
            truncate -s 4M disk; mkfs.fat disk >/dev/null
            mmd -i disk ::/keys; mcopy -i disk key ::/keys/root.key
            """)
        return scratch.file("disk")
    }

    @Test(arguments: ["", "\n"]) func readsTheKeyFromAFileOnAFATDevice(_ end: String) throws {
        let machine = try refusedMachine()
        let scratch = try Scratch()
        let disk = try keyDisk(try addRecoveryKey(to: machine) + end, in: scratch)
        try machine.configure("boot-check = off\nrecovery = file:\(disk):/keys/ROOT.KEY\n")
        let result = try machine.unlock("--recover")
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try JSONValue(parsing: result.output)["result"] == .string("recovered"))
    }

    @Test func readsTheKeyFromTheFirstLineOfADevice() throws {
        let machine = try refusedMachine()
        let scratch = try Scratch()
        try scratch.write(
            Array("correct horse\nand what follows".utf8) + [UInt8](repeating: 0, count: 8192), to: "disk")
        try machine.configure("boot-check = off\nrecovery = file:\(scratch.file("disk"))\n")
        let result = try machine.unlock("--recover")
        #expect(result.status == 0, "\(result.errorText)")
    }

    @Test(arguments: [
        ("disk:/keys/none", "there is no file /keys/none"), ("disk:/keys", "there is no file"),
        ("disk:/../keys/root.key", "there is no file"), ("none", "did not appear within 1 s"),
        ("zeros", "too large"), ("key:/keys/root.key", "FAT"), ("wrong", "the key opens no keyslot"),
        ("zeros:/keys/root.key", "FAT"), ("disk:/long", "too large"),
    ])
    func aDeviceWithoutTheKeyLeavesTheRefusalAsItIs(_ place: String, _ text: String) throws {
        let machine = try refusedMachine()
        let scratch = try Scratch()
        _ = try keyDisk("correct horse", in: scratch)
        try scratch.shell(
            "head -c 8192 /dev/zero > zeros; echo wrong > wrong; head -c 4097 /dev/zero > long; mcopy -i disk long ::/long"
        )
        try machine.configure("boot-check = off\nrecovery = file:\(scratch.path)/\(place)\n")
        let result = try machine.unlock("--recover")
        #expect(result.status == 77)
        #expect(result.errorText.contains("; recovery: "), "\(result.errorText)")
        #expect(result.errorText.contains(text), "\(result.errorText)")
    }
}
