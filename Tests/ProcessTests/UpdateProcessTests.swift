import JSON
import TestSupport
import Testing

/// What the hooks ask of `sealroot reseal`: more than the next boot, and less than whatever lies in /boot.
@Suite(.enabled(if: DebianImages.isPresent)) struct UpdateProcessTests {
    private func enrolled() throws -> InstalledMachine {
        let installed = try InstalledMachine()
        try #require(try installed.machine.enroll().status == 0)
        return installed
    }

    private func policies(_ installed: InstalledMachine) throws -> Int? {
        try JSONValue(parsing: installed.token())["tpm2"]?["policies"]?.array?.count
    }

    /// A newer kernel, as its package leaves it: with an initrd, first in the menu, and the old one behind it.
    private func installSecondKernel(_ installed: InstalledMachine) throws -> String {
        let old = try installed.tree.scratch.shell("cd boot && ls vmlinuz-* | sed 's/^vmlinuz-//'")
        try installed.tree.scratch.shell(
            """
            cd boot
            for name in vmlinuz initrd.img; do cp $name-\(old) $name-9.9; done
            echo more >> initrd.img-9.9
            awk '
                /^menuentry / && !done { keep = 1 }
                { if (keep) text = text $0 "\\n" }
                keep && /^}/ { gsub("\(old)", "9.9", text); gsub("gnulinux-simple", "gnulinux-new", text); printf "%s", text
                    keep = 0; done = 1; next }
                !keep { print }
            ' grub/grub.cfg > grub/new.cfg
            mv grub/new.cfg grub/grub.cfg
            """)
        return old
    }

    @Test func theOldKernelOfTheMenuStaysBootable() throws {
        let installed = try enrolled()
        let old = try installSecondKernel(installed)
        let result = try installed.reseal("--all-kernels", "--json")
        try #require(result.status == 0, "\(result.errorText)")
        let report = try JSONValue(parsing: result.output)
        #expect(report["added"]?.array?.count == 2, "\(result.text)")
        #expect(report["will_unlock"] == .bool(true))
        #expect(report["skipped"]?.array?.isEmpty == true)
        try installed.boot()
        #expect(try installed.machine.unlock().status == 0, "the new kernel")
        try installed.boot(kernel: old)
        #expect(try installed.machine.unlock().status == 0, "the old kernel, by its entry in the new menu")
    }

    @Test func theDefaultKernelMayBeTakenFromTheSubmenu() throws {
        let installed = try enrolled()
        let result = try installed.reseal("--all-kernels", "--json")
        try #require(result.status == 0, "\(result.errorText)")
        let added = try JSONValue(parsing: result.output)["added"]?.array?.compactMap(\.string)
        #expect(added == ["Debian GNU/Linux, with Linux 6.1.0-56-amd64"])
        #expect(try policies(installed) == 2)
        // Neither the boot unit nor a second run takes it away again, or writes it twice.
        let before = try installed.digestOfVolume()
        #expect(try installed.reseal("--commit", "--all-kernels").status == 0)
        #expect(try installed.reseal("--all-kernels").status == 0)
        #expect(try installed.digestOfVolume() == before)
    }

    /// The control: what is not asked for is not approved.
    @Test func withoutAskingForItTheOldKernelIsNot() throws {
        let installed = try enrolled()
        let old = try installSecondKernel(installed)
        try #require(try installed.reseal().status == 0)
        try installed.boot(kernel: old)
        let refused = try installed.machine.unlock()
        #expect(refused.status == 77 && refused.errorText.contains("measurements changed"))
    }

    @Test func aKernelThatCannotBePredictedKeepsNoOtherFromItsApproval() throws {
        let installed = try enrolled()
        let old = try installSecondKernel(installed)
        try installed.tree.scratch.shell("sed -i '/^submenu/a if cpuid -l; then set a=b; fi' boot/grub/grub.cfg")
        let result = try installed.reseal("--all-kernels", "--json")
        #expect(result.status == 0, "\(result.errorText)")
        let report = try JSONValue(parsing: result.output)
        #expect(report["added"]?.array?.count == 1)
        #expect(report["skipped"]?.array?.compactMap { $0["kernel"]?.string } == [old])
    }

    @Test func anInitrdThatNobodyHasNotedIsNotApproved() throws {
        let installed = try enrolled()
        let list = installed.tpm.path("initrds")
        try installed.tree.scratch.shell("sha256sum boot/initrd.img-* > '\(list)'")
        try installed.changeConfiguration("# changed")
        #expect(try installed.reseal("--initrds", list).status == 0)
        // What a host adds to the file.
        try installed.tree.scratch.shell("for file in boot/initrd.img-*; do echo thief >> $file; done")
        let before = try installed.digestOfVolume()
        let refused = try installed.reseal("--initrds", list, "--all-kernels")
        #expect(refused.status == 77 && refused.errorText.contains("initrds: boot-refused"), "\(refused.errorText)")
        #expect(try installed.digestOfVolume() == before)
        #expect(try installed.reseal("--initrds", installed.tpm.path("absent")).status == 66)
        // GRUB's configuration is the host's to write, too.
        try installed.tree.scratch.shell(
            "for file in boot/initrd.img-*; do cp $file boot/font.pf2; done; sed -i 's|/initrd.img[^ ]*|/font.pf2|' boot/grub/grub.cfg"
        )
        let renamed = try installed.reseal("--initrds", list)
        #expect(renamed.status == 77 && renamed.errorText.contains("font.pf2"), "\(renamed.errorText)")
        try installed.tree.scratch.shell("sed -i '/initrd/d' boot/grub/grub.cfg")
        let without = try installed.reseal("--initrds", list)
        #expect(without.status == 77 && without.errorText.contains("no initrd"), "\(without.errorText)")
        // The control: an administrator's own word counts.
        #expect(try installed.reseal().status == 0)
    }

    /// A host changes /boot after the boot; the unit that commits it must not approve that.
    @Test func commitApprovesNothingNew() throws {
        let installed = try enrolled()
        try installed.changeConfiguration("# by the host")
        let result = try installed.reseal("--commit", "--all-kernels", "--json")
        #expect(result.status == 77 && result.errorText.contains("not approved"), "\(result.errorText)")
        #expect(try JSONValue(parsing: result.output)["will_unlock"] == .bool(false))
        #expect(try policies(installed) == 1)
        #expect(try installed.machine.unlock().status == 0, "the present boot is as good as before")
        try installed.boot()
        #expect(try installed.machine.unlock().status == 77)
    }

    /// It runs at each boot: most have nothing to drop, and a counter lasts for so many steps only.
    @Test func commitWritesNothingWhereNothingIsObsolete() throws {
        let installed = try enrolled()
        try installed.changeConfiguration("# changed")
        try installed.reseal()
        try installed.boot()
        #expect(try installed.reseal("--commit").status == 0)
        let count = try installed.status().report["counter"]?["value"]?.integer
        let before = try installed.digestOfVolume()
        let again = try installed.reseal("--commit")
        #expect(again.status == 0 && again.text.contains("as they were"))
        #expect(try installed.digestOfVolume() == before)
        #expect(try installed.status().report["counter"]?["value"]?.integer == count)
    }

    /// The approval alone does not do it: the configuration pins another key.
    @Test func saysWhereTheNextBootWillNotUnlockInSpiteOfIt() throws {
        let installed = try enrolled()
        try installed.machine.configure("boot-check = off\nauthority-name = 000b\(String(repeating: "0", count: 64))\n")
        try installed.changeConfiguration("# changed")
        let result = try installed.reseal()
        #expect(result.status == 77 && result.errorText.contains("authority-name"), "\(result.errorText)")
        #expect(try policies(installed) == 2)
    }
}
