import GRUBScript
import Testing

/// What cannot be known before the boot ends the prediction, with the place.
@Suite struct UnpredictableTests {
    @Test(arguments: [
        ("menuentry a { true; }", "'timeout' is not set"),
        ("set timeout=-1\nmenuentry a { true; }", "'timeout' is '-1'"),
        ("set timeout=0\nmenuentry a { true; }", "'timeout' is not set"),
        ("set timeout=0\nset superusers=root\nmenuentry a { true; }", "password"),
        ("set timeout=0\nset fallback=7\nmenuentry a { true; }", "fallback"),
        ("if terminal_output gfxterm; then true; fi", "which terminals there are"),
        ("keystatus\necho $?", "keyboard"),
        ("set timeout=1\nset theme=/t\nterminal_output gfxterm\nmenuentry a { true; }", "theme"),
        ("cpuid -l\nif [ $? = 0 ]; then true; fi", "processor"),
        ("background_image /x.png", "not followed"), ("smbios -t 1 -s 4 --set v", "not followed"),
        ("cryptomount -a", "not followed"), ("net_bootp", "not followed"), ("exit", "not followed"),
        ("fwsetup", "not followed"), ("ls /", "not followed"), ("echo (*)/x", "names of devices"),
        ("echo /grub/*.cfg", "the order"), ("cat (hd0,gpt2)0+1", "disk blocks"),
        ("set check_signatures=enforce", "signatures"),
        ("normal /nosuch", "command line"), ("function f { function=1; f; }\nf", "nested statements"),
        ("while true; do a=b; done", "100000 commands"), ("a=xx\nwhile true; do a=$a$a; done", "bytes"),
        ("source /grub/grub.cfg", "nested statements"),
        ("set timeout=0\nmenuentry a { linux /vmlinuz; linux /nosuch; }", "second kernel"),
        ("export ?", "exported"), ("!", "without a command"), ("cat (proc)/x", "makes up"),
    ]) func saysWhyAndWhere(_ script: String, _ reason: String) throws {
        let boot = ["/grub/other.cfg": [UInt8](), "/grub/third.cfg": []]
        let prediction = try Scripts.predict(script + "\n", boot: boot)
        guard case .unpredictable(let given, let place) = prediction.ending else {
            Issue.record("\(script): \(prediction.ending)")
            return
        }
        #expect(given.contains(reason), "\(script): \(given)")
        #expect(place.file == "(hd0,gpt2)/grub/grub.cfg", "\(script): \(place)")
        #expect(place.line > 0)
    }

    @Test func doesNotTakeAWordForACommandThatAnUnknownModuleMayHave() throws {
        let image = GRUBImage(
            modules: Machines.debianModules + ["blscfg"], configuration: Array("normal (memdisk)/grub.cfg".utf8),
            memdisk: try Memdisk(parsing: try Machines.memdisk()), prefix: "/EFI/debian")
        let disk = MemoryDisk(
            esp: ["/EFI/debian/grub.cfg": Machines.stub], boot: ["/grub/grub.cfg": Array("true\nblscfg\n".utf8)])
        let machine = GRUBMachine(image: image, bootDevice: "hd0,gpt1", bootDirectory: "/EFI/debian")
        let place = GRUBPlace(file: "(hd0,gpt2)/grub/grub.cfg", line: 2, column: 1)
        #expect(
            try GRUBPrediction.make(machine: machine, disk: disk).ending
                == .unpredictable("'blscfg' may be of module blscfg", place))
    }

    /// A file of the memory disk whose clusters are not all there is neither absent nor empty.
    @Test func endsWhereTheMemoryDiskIsSpoilt() throws {
        var bytes = try Machines.memdisk()
        let sectorBytes = Int(bytes[11]) | Int(bytes[12]) << 8
        let table = (Int(bytes[14]) | Int(bytes[15]) << 8) * sectorBytes
        // The entry of cluster 2, where `grub.cfg` begins, has 12 bits.
        bytes[table + 3] = 1
        bytes[table + 4] &= 0xF0
        let disk = MemoryDisk(esp: [:], boot: [:])
        for (command, line) in [("normal", 1), ("true\nconfigfile", 2)] {
            let image = GRUBImage(
                modules: Machines.debianModules, configuration: Array((command + " (memdisk)/grub.cfg\n").utf8),
                memdisk: try Memdisk(parsing: bytes), prefix: "/EFI/debian")
            let machine = GRUBMachine(image: image, bootDevice: "hd0,gpt1", bootDirectory: "/EFI/debian")
            #expect(
                try GRUBPrediction.make(machine: machine, disk: disk).ending
                    == .unpredictable(
                        "memory disk: FAT: cluster 1 in the chain from 2 is no part of a file",
                        GRUBPlace(file: "(embedded)", line: line, column: 1)))
        }
    }

    @Test func passesOnWhatTheDiskThrows() throws {
        struct Broken: GRUBDisk {
            struct Failure: Error {}
            let devices = [GRUBDevice(name: "hd0,gpt1", hasFileSystem: true)]
            func entry(at path: String, on device: GRUBDevice) throws(Failure) -> GRUBDirectoryEntry? {
                throw Failure()
            }
            func fileSize(at path: String, on device: GRUBDevice) throws(Failure) -> Int? { nil }
            func read(_ path: String, on device: GRUBDevice, limit: Int) throws(Failure) -> [UInt8] { [] }
            func names(in path: String, on device: GRUBDevice) throws(Failure) -> [String]? { nil }
        }
        let machine = try Machines.debian()
        #expect(throws: Broken.Failure.self) { try GRUBPrediction.make(machine: machine, disk: Broken()) }
    }
}
