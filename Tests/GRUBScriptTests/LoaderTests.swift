import GRUBScript
import TestSupport
import Testing

/// What is measured when programs start, and the parts of the menu that the real boots do not show.
@Suite struct LoaderTests {
    private static let entry =
        "set timeout=0\nmenuentry a { linux /vmlinuz a=b; initrd /i1 newc:/dir/x:/i2 /none /i1; }\n"
    private static let initrds = ["/i1": [UInt8](), "/i2": [1]]

    /// With shim and the `linuxefi` module as in Debian 12, see the real log: opening and loading are measured.
    @Test func measuresAKernelTwiceThroughTheModuleOfDebian12() throws {
        let shown = Scripts.shown(try Scripts.predict(Self.entry, boot: Self.initrds))
        let wanted = [
            "8 linux /vmlinuz a=b", "9 /vmlinuz", "4", "4", "8 /vmlinuz a=b",
            "8 initrd /i1 newc:/dir/x:/i2 /none /i1", "9 /i1", "9 /i2",
        ]
        #expect(Array(shown.suffix(wanted.count)) == wanted)
    }

    /// Source: GRUB 2.12, `loader/efi/linux.c`: LoadImage when everything else is done.
    @Test func hasTheFirmwareLoadTheKernelAtBootWithoutThatModule() throws {
        let prediction = try Scripts.predict(Self.entry, boot: Self.initrds, without: ["linuxefi"])
        let kernel = GRUBFile(device: "hd0,gpt2", path: "/vmlinuz", shownName: "/vmlinuz")
        let images = prediction.events.filter { $0.pcr == 4 }.map(\.measurement)
        #expect(images == [.image(kernel, by: .shimOnOpen), .image(kernel, by: .loadImage)])
        #expect(prediction.events.last?.measurement == images.last)
        #expect(prediction.ending == .boots(kernel))
    }

    /// Source: Debian's GRUB 2.12, `loader/efi/peimage.c`; the log of Ubuntu 24.04's boot shows the same without Secure
    /// Boot, where no kernel is measured at all.
    @Test(arguments: [true, false]) func loadsTheKernelByItselfWithTheModuleOfDebian13(_ isSecureBoot: Bool) throws {
        let disk = MemoryDisk(
            esp: ["/EFI/debian/grub.cfg": Machines.stub],
            boot: Self.initrds.merging(["/grub/grub.cfg": Array(Self.entry.utf8), "/vmlinuz": Machines.kernel]) { $1 })
        let prediction = try GRUBPrediction.make(machine: Machines.debian13(isSecureBoot: isSecureBoot), disk: disk)
        let kernel = GRUBFile(device: "hd0,gpt2", path: "/vmlinuz", shownName: "/vmlinuz")
        #expect(prediction.ending == .boots(kernel))
        #expect(prediction.startsProgram)
        let images = prediction.events.filter { $0.pcr == 4 }.map(\.measurement)
        #expect(images == (isSecureBoot ? [.image(kernel, by: .shimOnOpen)] : []))
    }

    /// Source: Debian's GRUB 2.12, `normal/main.c`. The logs of Ubuntu 24.04, Fedora 36 and CentOS show the same.
    @Test(arguments: [
        (["/EFI/debian"], ["/EFI/debian", "/EFI/debian"]), (["/EFI/BOOT", "/EFI/debian"], ["/EFI/BOOT", "/EFI/BOOT"]),
        ([], []),
    ]) func looksForItsConfigurationBesideItselfFirst(_ folders: [String], _ read: [String]) throws {
        let files = Dictionary(uniqueKeysWithValues: folders.map { ($0 + "/grub.cfg", Array("echo $fw_path\n".utf8)) })
        let disk = MemoryDisk(esp: files, boot: [:])
        let prediction = try GRUBPrediction.make(machine: Machines.debian13(), disk: disk)
        let wanted = read.map { "9 (hd0,gpt1)" + $0 + "/grub.cfg" }
        #expect(
            prediction.events.map(Machines.shown) == wanted + (read.isEmpty ? [] : ["8 echo (hd0,gpt1)/EFI/BOOT"]))
        #expect(!prediction.isComplete)
    }

    @Test func asksNobodyWithoutSecureBoot() throws {
        let prediction = try Scripts.predict(Self.entry, boot: Self.initrds, isSecureBoot: false)
        #expect(prediction.isComplete)
        #expect(!prediction.events.contains { $0.pcr == 4 })
    }

    @Test func loadsAnotherLoaderAtOnce() throws {
        let script = "set timeout=0\nmenuentry a { chainloader (hd0,1)/EFI/x.efi; boot; echo never; }\n"
        let disk = MemoryDisk(
            esp: ["/EFI/debian/grub.cfg": Machines.stub, "/EFI/x.efi": [1]],
            boot: ["/grub/grub.cfg": Array(script.utf8)])
        let prediction = try GRUBPrediction.make(machine: try Machines.debian(), disk: disk)
        let file = GRUBFile(device: "hd0,gpt1", path: "/EFI/x.efi", shownName: "(hd0,1)/EFI/x.efi")
        #expect(prediction.ending == .boots(file))
        #expect(
            prediction.events.suffix(5).map(\.measurement) == [
                .command(Array("chainloader (hd0,1)/EFI/x.efi".utf8)), .file(file, content: nil),
                .image(file, by: .shimOnOpen), .image(file, by: .loadImage), .command(Array("boot".utf8)),
            ])
    }

    @Test(arguments: [
        ("1", ["b"]), ("b", ["b"]), ("id-c", ["c > d", "e"]), ("c >> d", ["c > d", "e"]), ("9", ["a"]),
        ("nosuch", ["a"]),
        ("2>1", ["c > d", "f"]), ("id-c>f", ["c > d", "f"]), ("id-c>id-e", ["c > d", "e"]), ("2>9", ["c > d", "e"]),
        ("0x1", ["b"]), ("1 and more", ["b"]), ("", ["a"]), ("3", ["b"]),
    ]) func choosesTheEntryThatDefaultNames(_ choice: String, _ chosen: [String]) throws {
        let script = """
            set default='\(choice)'
            set timeout=0
            set fallback="1 0"
            menuentry a { linux /vmlinuz; }
            menuentry b { linux /vmlinuz; }
            submenu 'c > d' --id id-c {
              menuentry e --id id-e { linux /vmlinuz; }
              menuentry f { linux /vmlinuz; }
              set fallback=
              echo $timeout $default
            }
            menuentry 'loads nothing' { linux /nosuch; }

            """
        let prediction = try Scripts.predict(script)
        #expect(prediction.chosen == chosen)
        #expect(prediction.isComplete, "\(prediction.ending)")
        // The last one fails to load, and GRUB falls back.
        #expect(Scripts.shown(prediction).contains("8 linux /nosuch") == (choice == "3"))
    }

    @Test func leavesOutArgumentsForWhichTheKernelHasNoSpace() throws {
        // The kernel's header gives 2047 bytes, of which "BOOT_IMAGE=" takes 11: 2036 with the NUL.
        let fits = String(repeating: "x", count: 2036 - "/vmlinuz ".count - 1)
        for (extra, isWhole) in [("", true), ("y", false)] {
            let script = "set timeout=0\nmenuentry a { linux /vmlinuz \(fits)\(extra) z; }\n"
            let shown = Scripts.shown(try Scripts.predict(script))
            #expect(shown.last == (isWhole ? "8 /vmlinuz " + fits : "8 /vmlinuz"))
        }
    }

    /// As grub-mkconfig 2.12 writes it.
    @Test(
        arguments: [(true, "8 echo setup"), (false, "8 [ 1 = 0 ]"), (nil, "8 fwsetup --is-supported")]
            as [(Bool?, String)])
    func asksForTheFirmwareSetup(_ hasSetup: Bool?, _ last: String) throws {
        let image = GRUBImage(
            modules: Machines.debianModules, configuration: Array("normal (memdisk)/grub.cfg".utf8),
            memdisk: try Memdisk(parsing: try Machines.memdisk()), prefix: "/EFI/debian", asksForFirmwareSetup: true)
        let script = "fwsetup --is-supported\nif [ \"$?\" = 0 ]; then\n  echo setup\nfi\n"
        let disk = MemoryDisk(
            esp: ["/EFI/debian/grub.cfg": Machines.stub], boot: ["/grub/grub.cfg": Array(script.utf8)])
        let machine = GRUBMachine(
            image: image, bootDevice: "hd0,gpt1", bootDirectory: "/EFI/debian", hasFirmwareSetup: hasSetup)
        #expect(Scripts.shown(try GRUBPrediction.make(machine: machine, disk: disk)).last == last)
    }

    @Test func readsTheFileThatSaveEnvHasChanged() throws {
        let script = "a=1\nsave_env a\na=\nload_env\necho $a\n"
        let block = "# GRUB Environment Block\n" + String(repeating: "#", count: 40)
        let prediction = try Scripts.predict(script, boot: ["/grub/grubenv": Array(block.utf8)])
        let file = GRUBFile(device: "hd0,gpt2", path: "/grub/grubenv", shownName: "(hd0,gpt2)/grub/grubenv")
        let changed = Array(("# GRUB Environment Block\na=1\n" + String(repeating: "#", count: 36)).utf8)
        #expect(prediction.events.contains { $0.measurement == .file(file, content: changed) })
        #expect(Scripts.shown(prediction).last == "8 echo 1")
        #expect(prediction.written == [file: changed])
    }
}
