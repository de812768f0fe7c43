import JSON
import TestSupport
import Testing

/// An update from the running system to the next boot, with nobody typing.
@Suite(.enabled(if: DebianImages.isPresent)) struct ResealProcessTests {
    @Test func approvesTheNextBootBesideThePresentOne() throws {
        let installed = try InstalledMachine()
        #expect(try installed.machine.enroll().status == 0)
        #expect(try installed.status().result.status == 0)
        try installed.changeConfiguration("# changed")
        let before = try installed.status()
        #expect(before.result.status == 77)
        #expect(before.report["will_unlock"] == .bool(false))
        #expect(before.report["obstacles"]?.array?.first?["detail"]?.string?.contains("PCR 9 (files that GRUB") == true)
        let result = try installed.reseal("--json")
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try JSONValue(parsing: result.output)["added"]?.array?.count == 1)
        let after = try installed.status()
        #expect(after.result.status == 0, "\(after.result.text)")
        #expect(after.report["policies"]?.array?.count == 2)

        try installed.boot(as: installed.lastBoot)
        #expect(try installed.machine.unlock().status == 0, "the old boot still unlocks")
        try installed.boot()
        let unlock = try installed.machine.unlock()
        #expect(unlock.status == 0, "the new boot unlocks: \(unlock.errorText)")
        let commands = try #require(try JSONValue(parsing: unlock.output)["tpm_commands"]?.integer)
        #expect(commands <= 18)
    }

    @Test func writesNothingWhereNothingChanges() throws {
        let installed = try InstalledMachine()
        try installed.machine.enroll()
        #expect(try installed.reseal().status == 0)
        let before = try installed.digestOfVolume()
        let again = try installed.reseal()
        #expect(again.status == 0)
        #expect(again.text.contains("as they were"))
        #expect(try installed.digestOfVolume() == before)
    }

    @Test func commitDropsTheOldBootAndKillsItsToken() throws {
        let installed = try InstalledMachine()
        try installed.machine.enroll()
        try installed.changeConfiguration("# changed")
        try installed.reseal()
        let old = try installed.token()
        let oldBoot = installed.lastBoot
        try installed.boot()
        let result = try installed.reseal("--commit", "--json")
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try JSONValue(parsing: result.output)["dropped"]?.array?.count == 1)
        #expect(try installed.machine.unlock().status == 0)
        #expect(try installed.status().result.status == 0)

        try installed.boot(as: oldBoot)
        let refused = try installed.machine.unlock()
        #expect(refused.status == 77 && refused.errorText.contains("measurements changed"))
        try installed.restore(old)
        let revoked = try installed.machine.unlock()
        #expect(revoked.status == 77 && revoked.errorText.contains("revoked"), "\(revoked.errorText)")
    }

    /// The control: without a counter the old token opens.
    @Test func withoutCounterAnOldTokenOpens() throws {
        let installed = try InstalledMachine()
        try installed.machine.enroll("--counter", "none")
        try installed.changeConfiguration("# changed")
        try installed.reseal()
        let old = try installed.token()
        let oldBoot = installed.lastBoot
        try installed.boot()
        #expect(try installed.reseal("--commit").status == 0)
        try installed.boot(as: oldBoot)
        #expect(try installed.machine.unlock().status == 77)
        try installed.restore(old)
        #expect(try installed.machine.unlock().status == 0)
    }

    @Test func commitNeedsABootThatIsApproved() throws {
        let installed = try InstalledMachine()
        try installed.machine.enroll()
        try installed.changeConfiguration("# changed")
        try installed.boot()
        let before = try installed.digestOfVolume()
        let result = try installed.reseal("--commit")
        #expect(result.status == 77 && result.errorText.contains("nothing was dropped"))
        #expect(try installed.digestOfVolume() == before)
    }

    /// The values in the token serve diagnosis, and the host can write them: what was not approved is not renewed.
    @Test func aForgedPolicyIsNotRenewed() throws {
        let installed = try InstalledMachine()
        try installed.machine.enroll()
        // PCR 12 alone, which every boot has at zero.
        try installed.restore(
            ForgedToken.changed(installed.token()) { policy in
                policy["pcrs"] = [12]
                policy["values"] = ["12": String(repeating: "0", count: 64)]
            })
        try installed.changeConfiguration("# changed")
        let result = try installed.reseal("--json")
        #expect(result.status == 0, "\(result.errorText)")
        let policies = try #require(try JSONValue(parsing: installed.token())["tpm2"]?["policies"]?.array)
        #expect(policies.map { $0["pcrs"]?.array?.count } == [6])
    }

    @Test func whatCannotBePredictedIsNamedAndNothingIsWritten() throws {
        let installed = try InstalledMachine()
        try installed.machine.enroll()
        try installed.tree.scratch.shell("sed -i '1i if cpuid -l; then set a=b; fi' boot/grub/grub.cfg")
        let before = try installed.digestOfVolume()
        let result = try installed.reseal()
        #expect(result.status == 77 && result.errorText.contains("cannot be predicted"), "\(result.errorText)")
        #expect(try installed.digestOfVolume() == before)
        let status = try installed.status()
        #expect(status.result.status == 77 && status.result.text.contains("cannot be predicted"))
        // The initrd is not seen behind that, but it is there.
        let noted = installed.tpm.path("initrds")
        try installed.tree.scratch.shell("sha256sum boot/initrd.img-* > '\(noted)'")
        let hooks = try installed.reseal("--initrds", noted)
        #expect(hooks.status == 77 && hooks.errorText.contains("cannot be predicted"), "\(hooks.errorText)")
        #expect(!hooks.errorText.contains("no initrd"), "\(hooks.errorText)")
    }

    /// It is the host's to write. It breaks no line, and is spelt in one way.
    @Test func aLabelIsShownOnOneLine() throws {
        let installed = try InstalledMachine()
        try installed.machine.enroll()
        try installed.restore(ForgedToken.changed(installed.token()) { $0["label"] = "a\\b\n\u{1B}[2J" })
        try installed.changeConfiguration("# changed")
        let status = try installed.plainStatus()
        #expect(status.status == 77)
        #expect(status.text.contains(#"differs from 'a\x5cb\x0a\x1b[2J' in PCR 9"#), "\(status.text)")
    }

    /// The host puts the whole old header back, keyslots and all.
    @Test func rotationMakesTheOldSecretWorthless() throws {
        let installed = try InstalledMachine()
        try installed.machine.enroll()
        let volume = installed.machine.volume
        let copy = "dd if=\(volume.path) of=header bs=1M count=16 2>/dev/null"
        let folder = try Scratch()
        try folder.shell(copy)
        let result = try installed.reseal("--rotate", "--key-file", volume.keyFile)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try installed.machine.unlock().status == 0)
        #expect(try installed.status().result.status == 0)
        let json = try volume.cryptsetup("luksDump", ["--dump-json-metadata", volume.path])
        #expect(try JSONValue(parsing: json)["keyslots"]?.members?.count == 2)
        try folder.shell("dd if=header of=\(volume.path) bs=1M conv=notrunc 2>/dev/null")
        let unlock = try installed.machine.unlock()
        #expect(unlock.status == 77 && unlock.errorText.contains("counter"), "\(unlock.errorText)")
    }

    @Test func rotationKeepsThePresentBootAndTheNext() throws {
        let installed = try InstalledMachine()
        try installed.machine.enroll()
        try installed.changeConfiguration("# changed")
        let result = try installed.reseal("--rotate", "--key-file", installed.machine.volume.keyFile)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try installed.machine.unlock().status == 0)
        try installed.boot()
        #expect(try installed.machine.unlock().status == 0)
    }
}
