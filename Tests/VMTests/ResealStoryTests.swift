import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

/// A change of the boot from the running system to the next one, with nobody typing; and a host that puts everything
/// back as it was.
@Suite(.serialized, .enabled(if: builtDisk.isBuilt, "there is no demo disk: run `make image` first"))
final class ResealStoryTests {
    private let folder = NSTemporaryDirectory() + "/sealroot-vm-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    @Test func aChangeIsApprovedAndTheOldBootIsRevoked() throws {
        let computer = try EnrolledComputer.copy(to: folder)
        var machine = try unattended(computer)
        #expect(try machine.run("sealroot status").status == 0)
        try succeed(machine, "cp /boot/grub/grub.cfg /boot/old.cfg && cp /boot/initrd.img-$(uname -r) /boot/old.initrd")
        // The enrolled machine is closed against volumes of another making, which changes its initrd, too.
        let report = try JSONValue(parsing: machine.run("sealroot status --json").output)
        #expect(report["warnings"]?.array?.count == 2)
        let authority = try #require(report["authority_name"]?.string)
        try succeed(
            machine,
            "sed -i 's/^unenrolled.*/unenrolled = refuse/' /etc/sealroot/init.conf"
                + " && echo authority-name = \(authority) >> /etc/sealroot/init.conf && update-initramfs -u")
        try succeed(machine, "sed -i s/panic=30/panic=31/ /etc/default/grub.d/demo.cfg && update-grub")
        let before = try machine.run("sealroot status")
        #expect(before.status == 77)
        #expect(before.output.contains("PCR 8 (GRUB commands or kernel command line), PCR 9"), "\(before.output)")
        try succeed(machine, "sealroot reseal")
        let approved = try machine.run("sealroot status")
        #expect(approved.status == 0 && !approved.output.contains("warning"), "\(approved.output)")
        try machine.powerOff()

        machine = try unattended(computer)
        #expect(try machine.run("cat /proc/cmdline").output.contains("panic=31"))
        // What a host keeps while nobody looks: the old header, and GRUB's old configuration.
        try succeed(machine, "dd if=/dev/vda3 of=/boot/header bs=1M count=16 && sync")
        try succeed(machine, "sealroot reseal --commit")
        let after = try machine.run("sealroot status --json")
        #expect(after.status == 0, "\(after.output)")
        #expect(try JSONValue(parsing: after.output)["policies"]?.array?.count == 1)
        try machine.powerOff()

        machine = try unattended(computer)
        try succeed(
            machine,
            "dd if=/boot/header of=/dev/vda3 bs=1M oflag=direct && cp /boot/old.cfg /boot/grub/grub.cfg"
                + " && cp /boot/old.initrd /boot/initrd.img-$(uname -r) && sync")
        try machine.powerOff()
        let refused = try computer.boot()
        try refused.wait(for: "the policy is revoked")
        try refused.wait(for: "(code 77)")
        try refused.waitUntilOff()
        #expect(!refused.transcript.contains(DemoDisk.shell))
    }

    private func unattended(_ computer: DemoComputer) throws -> VirtualMachine {
        let machine = try computer.boot()
        #expect(try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal]) == DemoDisk.shell)
        return machine
    }

    private func succeed(_ machine: VirtualMachine, _ command: String) throws {
        let result = try machine.run(command, seconds: 600)
        try #require(result.status == 0, "\(command): \(result.output)")
    }
}
