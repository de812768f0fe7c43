import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

private let debian13Disk = buildFolder + "/debian13/disk.raw"
private let isBuilt = FileManager.default.fileExists(atPath: debian13Disk)

/// Debian 13 with an initramfs of dracut, in a whole machine: its own shim, GRUB 2.12, kernel 6.12 and systemd.
@Suite(.enabled(if: isBuilt, "there is no disk of Debian 13: `make trixie` makes one"))
final class DracutBootTests {
    private let folder = NSTemporaryDirectory() + "/sealroot-vm-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// `Advanced options`, which is the second entry, and its first one: the kernel that the default entry boots, too.
    private static let sameKernel = ["\u{0E}", "\r", "\r"]

    @Test func bootsUnattendedAfterItsUpdatesAndEndsWhereTheHostHasChangedIt() throws {
        let computer = try PreparedComputer(in: folder, image: diskWithOlderGRUB())
        // It has never booted before: what it is sealed to was predicted.
        var machine = try computer.unattended()
        try expectUnlocked(machine)
        // The unit of the first boot has exchanged the key; the one that watches GRUB's menu approves the next boot.
        try machine.finish("sealroot-first-boot")
        try machine.succeed(
            "sed -i 's/panic=30/panic=30 loglevel=5/; s/TIMEOUT=0/TIMEOUT=5/; s/STYLE=hidden/STYLE=menu/' "
                + "/etc/default/grub.d/demo.cfg && mount -o remount,rw /boot && "
                // An older GRUB restarts at one of its commands.
                + "chmod -x /etc/grub.d/30_uefi-firmware && update-grub")
        try machine.finish("sealroot-reseal")
        #expect(try machine.run("sealroot status").status == 0)
        try machine.powerOff()

        machine = try computer.unattended()
        #expect(try machine.run("cat /proc/cmdline").output.contains("loglevel=5"))
        try machine.finish("sealroot-commit")
        try installOlderGRUB(machine)
        try machine.powerOff()

        // The same kernel by its other entry, started by the other GRUB, with an initrd that was made anew.
        machine = try computer.unattended(choosing: Self.sameKernel)
        #expect(machine.transcript.contains("GNU GRUB  version 2.06"))
        #expect(machine.transcript.contains(#"\EFI\debian\shimx64.efi"#))
        let journal = try machine.succeed("journalctl -b -o cat --no-pager")
        // In the place of the unit that systemd's generator makes for rd.luks.uuid.
        #expect(journal.contains(/Finished systemd-cryptsetup@luks.* - No second mapping/), "\(journal.suffix(4000))")
        #expect(!machine.transcript.contains("enter passphrase"))
        try machine.changeCommandLineAsHost()
        try machine.powerOff()

        machine = try computer.recovered(at: "Recovery key or passphrase of root")
        #expect(machine.transcript.contains("sealroot: boot: refused: measurements changed: "))
        try machine.succeed(
            "sed -i '/^recovery/d' /etc/sealroot/init.conf && dracut --force && sealroot reseal", seconds: 1200)
        try machine.changeCommandLineAsHost()
        try machine.powerOff()
        try computer.refused(saying: "measurements changed: ")
    }

    /// Debian 12's GRUB, which Debian signed, too, waits on the EFI system partition, 1 MiB into the disk.
    private func diskWithOlderGRUB() throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let (disk, scratch) = (folder + "/disk.raw", try Scratch())
        try DebianImages.unpack(into: scratch)
        try scratch.shell(
            "cp --sparse=always '\(debian13Disk)' '\(disk)' && mcopy -i '\(disk)@@1M' grub ::/older-grub")
        return disk
    }

    /// Another GRUB than the initrd's manifest knows, and a boot entry that starts it in the folder of an installed Debian; on
    /// a machine whose initrds hold the devices and the command line of this very machine, and ask for a recovery key.
    private func installOlderGRUB(_ machine: VirtualMachine) throws {
        try machine.succeed(
            """
            printf 'hostonly=yes\\nhostonly_cmdline=yes\\nadd_dracutmodules+=" crypt "\\n' >/etc/dracut.conf.d/own.conf && \
            echo 'recovery = prompt' >>/etc/sealroot/init.conf && mkdir -p /boot/efi && mount /boot/efi && \
            sed -i "s/panic=30/panic=30 rd.luks.uuid=luks-$(blkid -s UUID -o value /dev/vda3)/" /etc/default/grub.d/demo.cfg && \
            cp /boot/efi/older-grub /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed && grub-install && update-grub
            """)
        #expect(try machine.run("sealroot status").status == 77)
        // Nobody calls anything of ours: the unit that watches the boot entries and GRUB's menu does.
        try machine.succeed("until sealroot status; do sleep 30; done")
        let said = try machine.succeed("journalctl -b -o cat -u sealroot-reseal")
        #expect(said.contains("sealroot: the initrds were made for another boot: they are made anew"), "\(said)")
        #expect(said.contains("sealroot: approved: Debian GNU/Linux"), "\(said)")
        try machine.succeed("lsinitrd -f etc/cmdline.d/90crypt.conf | grep rd.luks.uuid=luks-")
    }

    private func expectUnlocked(_ machine: VirtualMachine) throws {
        let status = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)
        #expect(status["result"] == .string("unlocked"))
        #expect(status["mapping"] == .string("root"))
        #expect(
            status["steps"]?.array?.compactMap { $0["name"]?.string } == [
                "configure", "prepare", "copy-header", "find-key", "check-boot", "unseal", "authenticate", "open",
                "fence",
            ])
        let chain = try #require(status["chain"]?.array)
        #expect(chain.count == 10 && chain.allSatisfy { $0["verdict"] == .string("ok") })
        let system = try machine.run("cat /etc/debian_version /proc/version; findmnt -no SOURCE /").output
        #expect(system.hasPrefix("13.") && system.contains("/dev/mapper/root"), "\(system)")
        #expect(system.contains("Linux version 6.12."), "\(system)")
        // It was dracut's, and its unit was in time for whoever else would open the disk: the mapping was made by then.
        let journal = try machine.run("journalctl -b -o cat --no-pager").output
        #expect(journal.contains("dracut-"), "\(journal.suffix(4000))")
        #expect(journal.contains("Volume root already active."), "\(journal.suffix(4000))")
        // The fence.
        #expect(try machine.run("sealroot-init unlock --no-activate").status == 77)
    }
}
