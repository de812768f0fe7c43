import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

private let debian13Disk = ConfidentialDisk(in: buildFolder + "/debian13")

/// Debian 13, with an initramfs of dracut, in a whole machine of the emulator: its own shim, GRUB 2.12 and kernel 6.12.
@Suite(.enabled(if: debian13Disk.isBuilt, "there is no disk of Debian 13: `make trixie` makes one"))
struct DracutBootTests {
    private static let emulator = Scratch.product("snp-emulator").path
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try debian13Disk.deliver(to: scratch.file("state"))
    }

    @Test func bootsUnattendedAndEndsWhereTheHostHasChangedIt() throws {
        // It has never booted before: what it is sealed to was predicted.
        let machine = try boot()
        let end = try machine.wait(forAny: [DemoDisk.shell, DemoDisk.refusal])
        try #require(end == DemoDisk.shell, "\(machine.transcript.suffix(4000))")
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
        // It was dracut's, and its unit was in time for whoever else would open the disk.
        let journal = try machine.run("journalctl -b -o cat _PID=1 | grep -e dracut -e 'root disk with the TPM'").output
        #expect(journal.contains("dracut"), "\(journal)")
        #expect(journal.contains("Finished sealroot-unlock.service"), "\(journal)")
        // systemd-cryptsetup finds the mapping made.
        #expect(try machine.run("systemctl is-active systemd-cryptsetup@root.service").output.contains("active"))
        // The fence, and what userspace extended is in the log of it.
        #expect(try machine.run("sealroot-init unlock --no-activate").status == 77)

        // What the host writes no unit of the guest sees.
        let edit =
            "systemctl stop sealroot-reseal.path; mount -o remount,rw /boot; sed -i 's/panic=30/panic=30 quiet/' /boot/grub/grub.cfg; sync"
        #expect(try machine.run(edit).status == 0)
        try machine.powerOff()

        // The host's change of the command line: no key, no shell, and the machine is off.
        let changed = try boot()
        #expect(try changed.wait(forAny: [DemoDisk.shell, DemoDisk.refusal]) == DemoDisk.refusal)
        try changed.wait(for: "(code 77)")
        try changed.waitUntilOff()
        #expect(!changed.transcript.contains("emergency mode"))
    }

    private func boot() throws -> VirtualMachine {
        try debian13Disk.boot(emulator: Self.emulator, state: scratch.file("state"))
    }
}
