import InitramfsRuntime
import TestSupport
import Testing

@testable import InstalledSystem

struct FolderTests {
    @Test func keepsLinksInsideTheRoot() throws {
        let scratch = try Scratch()
        try scratch.shell(
            """
            mkdir -p root/boot/grub root/etc
            echo inside > root/boot/grub/grub.cfg; echo secret > secret; echo mine > root/secret
            ln -s /boot/grub/grub.cfg root/boot/absolute; ln -s ../../secret root/boot/up
            ln -s ../../../../../../../../../../../etc/hostname root/boot/far; ln -s /proc/self/root root/boot/magic
            ln -s loop root/boot/loop; mkfifo root/boot/pipe
            """)
        let system = try InstalledSystem.open(root: scratch.file("root"))
        let boot = try system.boot
        #expect(boot.prefix == "/boot" && system.esp == nil)
        #expect(try boot.volume.read("/boot/absolute", limit: 100) == Array("inside\n".utf8))
        // `..` at the root stays there.
        #expect(try boot.volume.read("/boot/up", limit: 100) == Array("mine\n".utf8))
        #expect(try boot.volume.read("/boot/../../secret", limit: 100) == Array("mine\n".utf8))
        #expect(try boot.volume.kind(of: "/boot/far") == nil)
        #expect(try boot.volume.kind(of: "/boot/magic") == nil)
        #expect(try boot.volume.kind(of: "/boot/pipe") == .other)
        #expect(throws: InstalledSystemError.self) { try boot.volume.kind(of: "/boot/loop") }
        #expect(throws: InstalledSystemError.wrongKind(volume: "/", path: "/boot/pipe")) {
            try boot.volume.open("/boot/pipe")
        }
        #expect(try boot.volume.names(in: "/boot/grub") == ["grub.cfg"])
        #expect(try boot.volume.entry(at: "/boot/loop")?.isFolder == false)
        #expect(try boot.volume.entry(at: "/boot/grub")?.isFolder == true)
        #expect(try boot.volume.entry(at: "/boot/none") == nil)
        #expect(try boot.volume.names(in: "/boot/grub/grub.cfg") == nil)
    }

    @Test func readsAnESPWithoutRegardToCase() throws {
        let scratch = try Scratch()
        try scratch.shell("mkdir -p root/boot/efi/EFI/debian; echo stub > root/boot/efi/EFI/debian/grub.cfg")
        let system = try InstalledSystem.open(root: scratch.file("root"))
        #expect(try system.esp?.read("/efi/DEBIAN/Grub.CFG", limit: 100) == Array("stub\n".utf8))
        #expect(try system.esp?.kind(of: "/efi/other/grub.cfg") == nil)
        // The root is no FAT.
        #expect(try system.root?.kind(of: "/BOOT") == nil)
    }

    @Test func readsAnESPFromItsDevice() throws {
        let scratch = try Scratch()
        try scratch.shell(
            """
            mkdir -p root/boot/grub root/etc esp/EFI/BOOT; echo stub > esp/EFI/BOOT/grub.cfg
            echo 'UUID=abcd /boot ext4 defaults 0 0' > root/etc/fstab
            mkfs.vfat --invariant -i 1A2B3C4D -n ESP -C device 4096 >/dev/null; mcopy -i device -s esp/EFI ::
            """)
        let devices = GRUBDevices(esp: "hd0,gpt1")
        let system = try InstalledSystem.open(
            root: scratch.file("root"), devices: devices, espDevice: scratch.file("device"))
        #expect(system.esp?.identifier == "1A2B-3C4D" && system.esp?.device == "hd0,gpt1")
        #expect(try system.volume("hd0,gpt1")?.read("/efi/boot/grub.cfg", limit: 9) == Array("stub\n".utf8))
        // Where it will be mounted, /boot has an empty folder of a like name.
        try scratch.shell("mkdir root/boot/efi")
        let unmounted = try InstalledSystem.open(
            root: scratch.file("root"), devices: devices, espDevice: scratch.file("device"))
        #expect(unmounted.esp?.identifier == "1A2B-3C4D")
        #expect(try InstalledSystem.open(root: scratch.file("root"), espDevice: scratch.file("none")).esp == nil)
    }

    @Test func takesIdentifiersFromFstab() throws {
        let scratch = try Scratch()
        try scratch.shell(
            """
            mkdir -p root/boot/efi/EFI root/etc root/boot/grub
            printf '# comment\\nUUID=abcd /boot ext4 defaults 0 0\\nLABEL="my\\\\040esp" /boot/efi vfat umask=0077\\n' \\
                > root/etc/fstab
            """)
        let system = try InstalledSystem.open(
            root: scratch.file("root"), devices: GRUBDevices(esp: "hd0,gpt1", boot: "hd0,gpt2"))
        let boot = try system.boot
        #expect(boot.prefix.isEmpty && boot.volume.name == "/boot")
        #expect(boot.volume.identifier == "abcd" && boot.volume.device == "hd0,gpt2")
        #expect(system.esp?.label == "my esp" && system.esp?.device == "hd0,gpt1")
        #expect(system.root?.device == nil)
        #expect(try boot.volume.kind(of: "/grub") == .folder)
        #expect(system.volume("hd0,gpt2")?.name == "/boot")
    }

    @Test func refusesWhatIsNoFolder() throws {
        let scratch = try Scratch()
        try scratch.write([1], to: "file")
        #expect(throws: InstalledSystemError.wrongKind(volume: scratch.file("file"), path: "/")) {
            try InstalledSystem.open(root: scratch.file("file"))
        }
        do throws(InstalledSystemError) {
            _ = try InstalledSystem.open(root: scratch.file("missing"))
            Issue.record("opened")
        } catch { #expect(error.exitCode == .missing) }
    }
}
