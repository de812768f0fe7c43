import Foundation
import JSON
import Testing
import VirtualMachine

/// Whole boots: OVMF with Secure Boot, Debian's signed shim, GRUB and kernel, and the initrd that its own tools
/// made. Each attack changes one thing of a machine that was seen to boot unattended before.
@Suite(.serialized, .enabled(if: DemoDisk.isBuilt, "run `make image` first: there is no demo disk"))
struct BootStoryTests {
    @Test func bootsUnattendedAndRefusesWhatAHostMayChange() throws {
        let computer = DemoDisk.Computer()
        try computer.enroll()

        // Untouched: it comes up by itself, and nobody is asked for anything.
        let machine = try computer.boot()
        #expect(try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal]) == DemoDisk.shell)
        let status = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)
        #expect(status["result"] == .string("unlocked"))
        #expect(status["mapping"] == .string("root"))
        let steps = status["steps"]?.array?.compactMap { $0["name"]?.string }
        #expect(
            steps == ["configure", "prepare", "copy-header", "find-key", "unseal", "authenticate", "open", "fence"])
        #expect(try #require(status["tpm_commands"]?.integer) <= 12)
        #expect(try machine.run("od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-*").output.contains("1"))
        #expect(try machine.run("findmnt -no SOURCE /").output.contains("/dev/mapper/root"))

        // The fence: the running system cannot unseal again.
        #expect(try machine.run("sealroot-init unlock --no-activate").status == 77)

        // The host changes the command line in GRUB's configuration.
        let edit =
            "mount -o remount,rw /boot; cp /boot/grub/grub.cfg /root/; sed -i 's/panic=30/panic=30 quiet/' /boot/grub/grub.cfg"
        #expect(try machine.run(edit).status == 0)
        try machine.powerOff()
        try requireRefusal(computer, naming: "PCR 8")
    }

    @Test func anInitrdWithOneFileAddedGetsNoKey() throws {
        let computer = DemoDisk.Computer()
        try computer.enroll()
        let machine = try computer.boot()
        try machine.wait(for: DemoDisk.shell)
        let edit = "cd /tmp && echo stolen > thief && echo thief | cpio -o -H newc >> /boot/initrd.img-$(uname -r)"
        #expect(try machine.run(edit).status == 0)
        try machine.powerOff()
        try requireRefusal(computer, naming: "PCR 9")
    }

    @Test func anotherTPMGetsNoKey() throws {
        let computer = DemoDisk.Computer()
        try computer.enroll()
        let other = DemoDisk.Computer()
        try other.enroll()
        let machine = try computer.boot(tpmOf: other)
        try machine.wait(for: "another TPM")
        try machine.wait(for: "(code 77)")
        try machine.waitUntilOff()
        #expect(!machine.transcript.contains(DemoDisk.prompt))
        // Its own TPM still opens it: the disk was not touched.
        let again = try computer.boot()
        #expect(try again.wait(forAny: [DemoDisk.shell, DemoDisk.refusal]) == DemoDisk.shell)
    }

    private func requireRefusal(_ computer: DemoDisk.Computer, naming pcr: String) throws {
        let machine = try computer.boot()
        try machine.wait(for: "measurements changed: ")
        try machine.wait(for: pcr)
        try machine.wait(for: "(code 77)")
        try machine.waitUntilOff()
        #expect(machine.transcript.contains(#""code":77"#) || machine.transcript.contains(#""code": 77"#))
        #expect(!machine.transcript.contains(DemoDisk.prompt))
        #expect(!machine.transcript.contains(DemoDisk.shell))
    }
}
