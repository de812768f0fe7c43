import Foundation
import TestSupport
import Testing
import VirtualMachine

/// Updates that only a machine of its owner's own keys can get in a test: shim and GRUB, and Secure Boot's variables. Each
/// shows first that the next boot would be refused, and then what the machine does about that by itself.
struct OwnUpdates: Sendable {
    private static let dbx = "/sys/firmware/efi/efivars/dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
    private let shim: String
    private let grub: String

    /// Puts the owner's key into the firmware of a computer that has never booted, and the updates onto its disk.
    init(for computer: DemoComputer) throws {
        let scratch = try Scratch()
        let keys = try OwnKeys(in: scratch)
        try Data(keys.variables()).write(to: URL(filePath: computer.folder + "/vars.fd"))
        (shim, grub) = try keys.packages()
        for text in ["first", "second"] { try scratch.write(keys.forbidding(text), to: text) }
        // The EFI system partition is 64 MiB, 1 MiB into the disk.
        try scratch.shell(
            """
            dd if='\(computer.disk.image)' of=esp bs=1M skip=1 count=64 status=none
            mcopy -i esp shim-signed.deb grub-efi-amd64-signed.deb other.der first second ::
            qemu-img create -q -f qcow2 -b '\(computer.disk.image)' -F raw '\(computer.folder)/disk.qcow2'
            qemu-io -c 'write -q -s esp 1M 64M' '\(computer.folder)/disk.qcow2'
            """)
    }

    /// mokutil has shim ask at the console of the next boot, which nobody answers: the machine says so, until that is taken
    /// back.
    func importKey(on machine: VirtualMachine) throws {
        try machine.succeed(
            "mkdir -p /boot/efi && mount /boot/efi && mokutil --generate-hash=once >/run/hash && "
                + "mokutil --import /boot/efi/other.der --hash-file /run/hash")
        let lines = try machine.succeed(
            "until journalctl -b -o cat -u sealroot-reseal | grep WARNING -A 6; do sleep 1; done")
        let said = lines.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(said.contains("WARNING: this machine will not unlock its disk at the next boot"), "\(said)")
        #expect(said.contains("makes shim ask at the console, unless 'mokutil --revoke-import'"), "\(said)")
        try machine.succeed("mokutil --revoke-import")
    }

    /// As a tool that updates the firmware does: nothing of ours is called, and a unit sees it.
    func forbid(on machine: VirtualMachine) throws {
        func append(_ name: String) -> String { "dd if=/boot/efi/\(name) of=\(Self.dbx) bs=1M conv=notrunc" }
        try machine.succeed(
            "systemctl stop sealroot-reseal.path && systemctl start sealroot-reseal && "
                + "chattr -i \(Self.dbx) && \(append("first"))")
        let (output, code) = try machine.run("sealroot status")
        #expect(code == 77 && output.contains("differs from 'enrolled boot' in PCR 7"), "\(output)")
        let approval = "journalctl -b -o cat -u sealroot-reseal | grep -x 'sealroot: approved: Debian GNU/Linux'"
        try machine.succeed("! \(approval)")
        try machine.succeed(
            "systemctl start sealroot-reseal.path && \(append("second")) && until \(approval); do sleep 1; done")
    }

    /// In the next boot, which was that one.
    func expectForbidden(on machine: VirtualMachine) throws {
        for text in ["first", "second"] {
            let digest = try Scratch().shell("printf \(text) | sha256sum | cut -c1-64")
            try machine.succeed("mokutil --dbx | grep -i \(digest)")
        }
    }

    /// apt runs dpkg so, too: the triggers come last. GRUB goes to both folders, as in Debian's images for clouds.
    func installShimAndGRUB(on machine: VirtualMachine) throws {
        let answers =
            "'grub-efi-amd64 grub2/force_efi_extra_removable boolean true\\n"
            + "grub-efi-amd64 grub2/update_nvram boolean false\\n'"
        let installation = try machine.succeed(
            "mount /boot/efi && printf \(answers) | debconf-set-selections && "
                + "DEBIAN_FRONTEND=noninteractive dpkg --no-triggers -i /boot/efi/*.deb")
        #expect(installation.contains("Installation finished. No error reported."), "\(installation)")
        #expect(try machine.run("sealroot status").status == 77)
        let triggers = try machine.succeed("dpkg --triggers-only --pending")
        #expect(triggers.contains("sealroot: approved: Debian GNU/Linux"), "\(triggers)")
        #expect(!triggers.contains("WARNING"), "\(triggers)")
    }

    /// The console of the next boot. The keys are pinned since the initrd was made by the machine itself.
    func expectShimAndGRUB(on console: String) {
        #expect(console.contains("sealroot: boot: secure-boot ok on, pinned: PK KEK db dbx"))
        #expect(console.contains("sealroot: boot: shim ok \(shim.prefix(16)) \\EFI\\BOOT\\BOOTX64.EFI"))
        #expect(console.contains("sealroot: boot: grub ok \(grub.prefix(16)) \\EFI\\BOOT\\grubx64.efi"))
    }
}
