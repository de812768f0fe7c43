import BoundedBytes
import Foundation
import JSON
import TestSupport
import Testing

/// Step 4 with a real TPM: the built program, the PCRs of a whole boot, its log.
@Suite struct BootCheckProcessTests {
    private func json(_ result: CommandResult) throws -> JSONValue { try JSONValue(parsing: result.output) }

    private func steps(_ report: JSONValue) -> [String] {
        report["steps"]?.array?.map { ($0["name"]?.string ?? "") + " " + ($0["result"]?.string ?? "") } ?? []
    }

    /// A host that starts a loader of its own: the log says so truly, since the TPM would not bear out another one.
    private func evilLoader() throws -> RecordedBoot {
        var boot = try RecordedBoot()
        boot.programs[1].sha256 = String(repeating: "5a", count: 32)
        return boot
    }

    /// Up to the mapping; the fence and its record are two commands more.
    @Test(arguments: [([], 15), (["--counter", "none"], 14), (["--authority", "none"], 10)])
    func theRecordedBootIsAccepted(_ options: [String], _ commands: Int) throws {
        let machine = try Machine(booted: RecordedBoot())
        #expect(try machine.enroll(options).status == 0)
        let result = try machine.unlockChecked()
        #expect(result.status == 0, "\(result.errorText)")
        let report = try json(result)
        #expect(
            steps(report) == [
                "configure ok", "prepare ok", "copy-header ok", "find-key ok", "check-boot ok", "unseal ok",
                "authenticate ok",
            ])
        let chain = try #require(report["chain"]?.array)
        #expect(chain.allSatisfy { $0["verdict"] == .string("ok") })
        #expect(chain.compactMap { $0["component"]?.string }.suffix(4) == ["shim", "grub", "kernel", "command-line"])
        #expect(result.errorText.contains("sealroot: boot: kernel ok 6b1bf35c3bee9918 /kernel.efi\n"))
        #expect(try #require(report["tpm_commands"]?.integer) <= Int64(commands))
    }

    @Test func aChangedProgramIsNamedBeforeTheTPMIsAskedToUnseal() throws {
        let machine = try Machine(booted: evilLoader())
        try machine.enroll()
        let result = try machine.unlockChecked()
        #expect(result.status == 77)
        let report = try json(result)
        #expect(steps(report).last == "check-boot failed")
        #expect(report["result"] == .string("refused"))
        let reason = try #require(report["reason"]?.string)
        #expect(reason.hasPrefix(#"grub is refused: \EFI\BOOT\grubx64.efi is a68f6d71ebddaa19"#))
        #expect(reason.contains("expected " + String(repeating: "5a", count: 32) + " (/grub.efi)"))
        let refused = report["chain"]?.array?.first { $0["verdict"] == .string("refused") }
        #expect(refused?["component"] == .string("grub"))
    }

    /// The control: without the check, the volume that was enrolled with this loader opens.
    @Test(arguments: ["off", "warn"]) func withTheCheckOffNobodyMinds(_ setting: String) throws {
        let machine = try Machine(booted: evilLoader(), configuration: "boot-check = \(setting)\n")
        try machine.enroll()
        let result = try machine.unlockChecked()
        #expect(result.status == 0, "\(result.errorText)")
        let report = try json(result)
        #expect(steps(report).contains("check-boot warning") == (setting == "warn"))
        #expect(result.errorText.contains("warning: grub is refused") == (setting == "warn"))
    }

    /// The host's log is of another boot than the TPM's.
    @Test func aLogThatIsNotTheTPMsIsRefused() throws {
        var boot = try RecordedBoot()
        let loader = try #require(try boot.events().first { $0.sha256.hasPrefix("a68f6d71") })
        boot.otherDigests[loader.index] = String(repeating: "e1", count: 32)
        let machine = try Machine(booted: boot)
        try machine.enroll()
        let result = try machine.unlockChecked()
        #expect(result.status == 77)
        #expect(result.errorText.contains("log is refused: PCR 4 is "))
    }

    /// The same, and the host in the middle gives the answers that fit its log. Over the session of the unlock that is
    /// noticed; `check`, which does not know the TPM's key, is what shows that the attack works.
    @Test func forgedPCRsAreNoticedByTheUnlock() throws {
        var boot = try RecordedBoot()
        let loader = try #require(try boot.events().first { $0.sha256.hasPrefix("a68f6d71") })
        boot.otherDigests[loader.index] = String(repeating: "e1", count: 32)
        let machine = try Machine(booted: boot)
        try machine.enroll()
        let real = try Machine(booted: RecordedBoot())
        let (mine, theirs) = (try pcr4(of: real), try pcr4(of: machine))
        let host = try Interposer(before: machine.tpm) { _, command, ask in
            var reply = ask(command)
            if Interposer.code(command) == 0x17E, let place = reply.firstRange(of: theirs) {
                reply.replaceSubrange(place, with: mine)
            }
            return reply
        }
        let forged = try machine.check("--tcti", host.tcti)
        #expect(forged.status == 0, "\(forged.errorText)")
        let result = try machine.unlockChecked("--tcti", host.tcti)
        #expect(result.status == 69, "\(result.errorText)")
        #expect(try steps(json(result)).last == "check-boot failed")
    }

    private func pcr4(of machine: Machine) throws -> [UInt8] {
        try machine.tpm.succeed("tpm2_pcrread", "-Q", "sha256:4", "-o", "pcr4")
        return try machine.tpm.read("pcr4")
    }

    @Test func inABootThatIsFencedTheChainIsStillToldAndTheSecretKept() throws {
        let machine = try Machine(booted: RecordedBoot())
        try machine.enroll()
        #expect(try machine.fence().status == 0)
        #expect(try machine.check().status == 0)
        let result = try machine.unlockChecked()
        #expect(result.status == 77)
        #expect(try steps(json(result)).suffix(2) == ["check-boot ok", "unseal failed"])
        #expect(result.errorText.contains("PCR 12"))
    }

    @Test func anUnenrolledVolumeIsLeftToThePrompt() throws {
        let machine = try Machine(booted: evilLoader(), configuration: "unenrolled = prompt\n")
        let result = try machine.unlockChecked()
        #expect(result.status == 0)
        #expect(try json(result)["result"] == .string("unenrolled"))
        #expect(result.errorText.contains("boot: warning: grub is refused"))
    }

    @Test func theArgumentsAreConfigurable() throws {
        let machine = try Machine(booted: RecordedBoot(), configuration: "deny-arguments = quiet\n")
        try machine.enroll()
        let result = try machine.unlockChecked()
        #expect(result.status == 77)
        #expect(result.errorText.contains("argument 'quiet' is not allowed"))
        try machine.configure("deny-arguments = quiet\nallow-arguments = quiet\n")
        #expect(try machine.unlockChecked().status == 0)
    }

    @Test func whatIsMissingOrMalformedIsToldApart() throws {
        let machine = try Machine(booted: RecordedBoot())
        try machine.enroll()
        #expect(try machine.unlock("--eventlog", "/no/such/log").status == 66)
        #expect(try machine.check("--tcti", "device:/dev/no-such-tpm").status == 69)
        for (file, code) in [("eventlog.bin", Int32(65)), ("reference.json", 65)] {
            let right = try machine.tpm.read(file)
            try machine.tpm.write(Array(right.dropLast(7)), to: file)
            #expect(try machine.unlockChecked().status == code)
            #expect(try machine.check().status == code)
            try FileManager.default.removeItem(atPath: machine.tpm.path(file))
            #expect(try machine.unlockChecked().status == 66)
            try machine.tpm.write([UInt8](repeating: 0x20, count: 2 << 20), to: file)
            #expect(try machine.check().status == 65, "longer than any")
            try machine.tpm.write(right, to: file)
        }
        #expect(try machine.unlockChecked().status == 0)
        #expect(
            try machine.tpm.succeed("tpm2_getcap", "handles-loaded-session").text == "", "no session is left behind")
    }

    @Test func checkPrintsOneLineAComponent() throws {
        let machine = try Machine(booted: RecordedBoot())
        let result = try machine.check()
        #expect(result.status == 0)
        let lines = result.text.split(separator: "\n").map(String.init)
        #expect(lines.count == 10)
        #expect(lines[6] == #"shim ok 80a66d53a945d228 \EFI\BOOT\BOOTX64.EFI"#)
        let report = try json(try machine.check("--json"))
        #expect(report["result"] == .string("accepted"))
        #expect(report["chain"]?.array?.count == 10)
        let other = try Machine(booted: evilLoader())
        let refused = try other.check()
        #expect(refused.status == 77)
        #expect(refused.text.contains("grub REFUSED a68f6d71ebddaa19 \\EFI\\BOOT\\grubx64.efi: expected 5a5a"))
        #expect(try json(try other.check("--json"))["code"] == .integer(77))
    }
}
