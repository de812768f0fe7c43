import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

private let debian13Disk = ConfidentialDisk(in: buildFolder + "/debian13")

/// Debian 13 with an initramfs of dracut, in a whole machine of the emulator: its own shim, GRUB 2.12, kernel 6.12 and
/// systemd.
@Suite(.enabled(if: debian13Disk.isBuilt, "there is no disk of Debian 13: `make trixie` makes one"))
struct DracutBootTests {
    private static let emulator = Scratch.product("snp-emulator").path
    /// What systemd-cryptsetup asks.
    private static let prompt = "for disk root:"
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try debian13Disk.deliver(to: scratch.file("state"))
    }

    @Test func bootsUnattendedAlsoAfterAnUpdateAndEndsWhereTheHostHasChangedIt() throws {
        // It has never booted before: what it is sealed to was predicted.
        var machine = try unattended()
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
        try machine.succeed("mount -o remount,rw /boot && sed -i s/panic=30/panic=31/ /etc/default/grub.d/demo.cfg")
        try machine.succeed("update-grub")
        try machine.finish("sealroot-reseal")
        #expect(try machine.run("sealroot status").status == 0)
        try machine.powerOff()

        machine = try unattended()
        #expect(try machine.run("cat /proc/cmdline").output.contains("panic=31"))
        // As a host can, which owns the partition that GRUB reads: no unit of the guest sees it.
        try machine.succeed(
            "systemctl stop sealroot-reseal.path; mount -o remount,rw /boot; "
                + "sed -i 's/panic=31/panic=31 quiet/' /boot/grub/grub.cfg && sync")
        try machine.powerOff()

        // No key, no shell, and the machine is off.
        let changed = try boot()
        #expect(try changed.wait(forAny: [DemoDisk.shell, Self.prompt, DemoDisk.refusal]) == DemoDisk.refusal)
        try changed.wait(for: "(code 77)")
        try changed.waitUntilOff()
        #expect(!changed.transcript.contains(Self.prompt))
    }

    private func boot() throws -> VirtualMachine {
        try debian13Disk.boot(emulator: Self.emulator, state: scratch.file("state"))
    }

    private func unattended() throws -> VirtualMachine {
        let machine = try boot()
        let end = try machine.wait(forAny: [DemoDisk.shell, Self.prompt, DemoDisk.refusal])
        try #require(end == DemoDisk.shell, "\(machine.transcript.suffix(4000))")
        return machine
    }
}
