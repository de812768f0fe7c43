import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

/// The life of a machine on which nobody ever types a passphrase or a command of ours: its first boot, its updates as
/// Debian's own tools make them, a power cut, and a host that puts everything back as it was.
@Suite(.serialized, .enabled(if: builtDisk.isBuilt, "there is no demo disk: run `make image` first"))
final class UnattendedStoryTests {
    private let folder = NSTemporaryDirectory() + "/sealroot-vm-" + UUID().uuidString
    /// `Advanced options`, which is the second entry, and its second one: the older kernel.
    private static let olderKernel = ["\u{0E}", "\r", "\u{0E}", "\r"]

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    @Test func noUpdateLocksItOutAndNothingOldLetsAnybodyIn() throws {
        let computer = try PreparedComputer(in: folder)

        var machine = try computer.unattended()
        try makesItselfAtHome(machine)
        // What follows is chosen from a menu that can be seen.
        try machine.succeed("sed -i 's/TIMEOUT=0/TIMEOUT=5/; s/STYLE=hidden/STYLE=menu/' /etc/default/grub.d/demo.cfg")
        let installation = try machine.succeed("dpkg -i /opt/second-kernel/*.deb")
        #expect(installation.contains("sealroot: approved: Debian GNU/Linux"), "\(installation)")
        #expect(!installation.contains("WARNING"))
        try machine.powerOff()

        machine = try computer.unattended()
        #expect(try machine.run("uname -r").output.contains("cloud"))
        #expect(machine.transcript.contains("sealroot: boot: secure-boot ok on, pinned: PK KEK db dbx"))
        try machine.finish("sealroot-commit")
        #expect(
            try status(machine)["policies"]?.array?.count == 3, "both kernels' boots, and this one's in the submenu")
        // The power goes between a new initrd and its approval, in the middle of a kernel's hooks.
        try machine.succeed(
            """
            initrd=/boot/initrd.img-$(uname -r); cp $initrd new && truncate -s +512 new && mv new $initrd && \
            DEB_MAINT_PARAMS=configure run-parts --arg=$(uname -r) --arg=$initrd /etc/initramfs/post-update.d && sync
            """)
        machine.cutPower()

        try computer.refused(saying: "measurements changed: ")
        machine = try computer.unattended(choosing: Self.olderKernel)
        #expect(try !machine.run("uname -r").output.contains("cloud"))
        #expect(try machine.run("sealroot status").status == 77)
        // The power goes once more, while that is mended: at the first lock on the header, or in the writing of it.
        try machine.finish("sealroot-commit")
        try machine.succeed(
            "/usr/libexec/sealroot/reseal >/run/said 2>&1 & "
                + #"until set -- /run/cryptsetup/L*; [ -e "$1" ] || ! kill -0 $!; do :; done; kill -0 $!"#)
        machine.cutPower()
        machine = try computer.unattended(choosing: Self.olderKernel)
        try mends(machine)
        // What is approved is on the disk by now.
        machine.cutPower()

        machine = try computer.unattended()
        #expect(try machine.run("cat /proc/cmdline").output.contains("panic=31"))
        try machine.finish("sealroot-commit")
        #expect(try status(machine)["policies"]?.array?.count == 2, "this kernel's, and in the submenu")
        try saysWhatItCannotPredict(machine)
        // What a host has kept since the boot before.
        try machine.succeed(
            "cd /boot && dd if=header of=/dev/vda3 bs=1M oflag=direct && cp old/grub.cfg grub/ && mv old/*-cloud-* . && sync"
        )
        try machine.powerOff()
        try computer.refused(saying: "the policy is revoked")
    }

    /// The first boot's unit has exchanged the key, made a recovery key and grown the root.
    private func makesItselfAtHome(_ machine: VirtualMachine) throws {
        try machine.finish("sealroot-first-boot")
        #expect(
            try machine.run("grep -c sealroot: /proc/keys").output.hasPrefix("0"), "the secret is gone from the kernel")
        let status = try status(machine)
        #expect(status["will_unlock"] == .bool(true))
        #expect(status["counter"]?["value"]?.integer != nil)
        #expect(status["warnings"]?.array?.contains { $0.string?.contains("sealed elsewhere") == true } == false)
        #expect(try machine.run("stat -c %a,%U /var/lib/sealroot/recovery-key").output.hasPrefix("600,root"))
        try machine.succeed("sealroot recovery-key check /dev/vda3 < /var/lib/sealroot/recovery-key")
        let size = try machine.run("df --output=size -m / | tail -n 1").output
        #expect(try #require(Int(size.trimmingCharacters(in: .whitespacesAndNewlines))) > 1350, "of 1535 MiB")
        try machine.succeed("test -e /var/lib/sealroot/first-boot-done")
    }

    /// What an administrator does after a power cut in the middle of an update; then another menu, and the newer kernel goes.
    private func mends(_ machine: VirtualMachine) throws {
        let isMended = try machine.run("sealroot status").status == 0
        let mended = try machine.succeed("dpkg-trigger --by-package=sealroot sealroot-reseal; dpkg --configure -a")
        #expect(isMended || mended.contains("sealroot: approved: Debian GNU/Linux"), "\(mended)")
        #expect(try machine.run("sealroot status").status == 0)
        try machine.succeed(
            "dd if=/dev/vda3 of=/boot/header bs=1M count=16 && mkdir /boot/old && cp /boot/grub/grub.cfg /boot/*-cloud-* /boot/old"
        )
        // Nobody calls anything of ours: the unit that watches the file does, and the hook of the initrd.
        try machine.succeed("sed -i s/panic=30/panic=31/ /etc/default/grub.d/demo.cfg && update-grub")
        try machine.finish("sealroot-reseal")
        #expect(try machine.run("sealroot status").status == 0)
        // The next boot finds its root only if initramfs-tools itself asks /sys what this machine has.
        let rebuilt = try machine.succeed(
            """
            cd /etc/initramfs-tools && sed -i s/^MODULES=list/MODULES=dep/ conf.d/demo && : >modules && \
            update-initramfs -u -k $(uname -r)
            """)
        #expect(rebuilt.contains("sealroot: approved: "), "\(rebuilt)")
        let removal = try machine.succeed("dpkg -r $(dpkg-query -W -f '${Package}\\n' 'linux-image-*-cloud-amd64')")
        #expect(removal.contains("sealroot: approved: Debian GNU/Linux") && !removal.contains("WARNING"), "\(removal)")
    }

    /// What GRUB would ask for cannot be known: the hooks say so, and dpkg succeeds all the same.
    private func saysWhatItCannotPredict(_ machine: VirtualMachine) throws {
        let trigger = "dpkg-trigger --by-package=sealroot sealroot-reseal; dpkg --configure -a"
        let said = try machine.succeed("echo 'set timeout=-1' >> /boot/grub/custom.cfg; " + trigger)
        #expect(said.contains("WARNING: this machine will not unlock its disk at the next boot"), "\(said)")
        #expect(said.contains("the menu waits"))
        #expect(try machine.run("sealroot status").status == 77)
        try machine.succeed("rm /boot/grub/custom.cfg")
    }

    private func status(_ machine: VirtualMachine) throws -> JSONValue {
        try JSONValue(parsing: machine.run("sealroot status --json").output)
    }
}
