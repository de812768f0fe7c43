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

    @Test func bootsUnattendedAlsoAfterAnUpdateAndEndsWhereTheHostHasChangedIt() throws {
        let computer = try PreparedComputer(in: folder, image: debian13Disk)
        // It has never booted before: what it is sealed to was predicted.
        var machine = try computer.unattended()
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

        // The unit of the first boot has exchanged the key; the one that watches GRUB's menu approves the next boot.
        try machine.finish("sealroot-first-boot")
        try machine.succeed("sed -i 's/panic=30/panic=30 loglevel=5/' /etc/default/grub.d/demo.cfg")
        try machine.succeed("mount -o remount,rw /boot && update-grub")
        try machine.finish("sealroot-reseal")
        #expect(try machine.run("sealroot status").status == 0)
        try machine.powerOff()

        machine = try computer.unattended()
        #expect(try machine.run("cat /proc/cmdline").output.contains("loglevel=5"))
        try machine.changeCommandLineAsHost()
        try machine.powerOff()
        try computer.refused(saying: "measurements changed: ")
    }
}
