import Foundation
import TestSupport
import Testing

/// What a guest finds that has booted from a disk, beside what a real VM had after the boot from such a disk.
@Suite(.enabled(if: DebianImages.isPresent)) struct ExecImageTests {
    private let boot: ModelledBoot

    init() throws { boot = try ModelledBoot() }

    /// Those that neither our own program in the initrd (9), nor IMA (10), nor the unlock (12, 15) decides.
    private static let fixed = [0, 1, 2, 3, 4, 5, 6, 7, 8, 14]

    @Test func hasThePCRsOfTheRealMachine() throws {
        let real = SoftwareTPM.values(
            in: String(decoding: try Fixtures.bytes("demo-boot/pcrs.txt"), as: UTF8.self), of: Self.fixed)
        #expect(real.count == 3 * Self.fixed.count)
        let text = try boot.output("tpm2_pcrread")
        let found = SoftwareTPM.values(in: text, of: Self.fixed)
        #expect(found.filter { !$0.key.hasPrefix("sha512") } == real)
        #expect(SoftwareTPM.values(in: text, of: [9]).count == 4, "9 is measured, too")
        #expect(SoftwareTPM.values(in: text, of: [10, 11, 12, 13, 15]).isEmpty)
    }

    /// tpm2_eventlog replays the log; it shares no code with us.
    @Test func hasThePCRsThatItsLogLeadsTo() throws {
        let text = try boot.output("tpm2_pcrread; echo @; tpm2_eventlog \"$log\"")
        let parts = text.components(separatedBy: "\n@\n")
        #expect(parts.count == 2)
        let replay = try #require(parts[1].components(separatedBy: "\npcrs:\n").dropFirst().first)
        let all = Array(0...15)
        let replayed = SoftwareTPM.values(in: replay, of: all)
        #expect(SoftwareTPM.values(in: parts[0], of: all) == replayed)
        #expect(replayed.count == 4 * (Self.fixed.count + 1))
    }

    @Test func bootsAfreshEachTime() throws {
        let digest = String(repeating: "5a", count: 32)
        let first = try boot.output("tpm2_pcrread; tpm2_pcrextend 4:sha256=\(digest) 12:sha256=\(digest)")
        #expect(try boot.output("tpm2_pcrread") == first)
    }

    @Test func showsItsLogAndVariablesWhereTheKernelDoes() throws {
        let text = try boot.output("$sealroot eventlog show \"$log\" | head -n 1; ls $variables; cp $variables/* .")
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.first == "crypto-agile, sha1 sha256 sha384 sha512, 83 events, startup locality 0")
        try boot.scratch.shell("mkdir real; tar -C real -xf '\(Fixtures.folder.path())/demo-boot/efivars.tar'")
        let names = lines.dropFirst()
        #expect(names.count == 10)
        for name in names {
            #expect(try boot.scratch.bytes(name) == boot.scratch.bytes("real/" + name), "\(name)")
        }
        // What else the machine's firmware shows stays.
        let others = try Command.run(["ls", "/sys/firmware"]).text.split(separator: "\n").filter { $0 != "efi" }
        #expect(try boot.output("ls /sys/firmware").split(separator: "\n").filter { $0 != "efi" } == others)
        // Neither the machine's own nor anybody's is there for a guest that booted from no disk.
        let without = try boot.scratch.shell(
            "\(ModelledBoot.program) exec --state state --vtpm none -- ls -d \(ModelledBoot.variables) 2>&1 || true")
        #expect(without.contains("No such file"))
    }

    /// Who has no TPM has no log.
    @Test(arguments: [["--vtpm", "none"], ["--protection", "none"]])
    func measuresNothingWithoutATPM(_ options: [String]) throws {
        let result = try boot.run("test ! -e $log; ls $variables | wc -l", options[0], options[1])
        #expect(result.text == "10", "\(result.errorText)")
    }

    @Test func bootsNoProgramThatNobodyHasSigned() throws {
        let disk = try boot.copiedDisk()
        let start = ModelledBoot.systemStart
        try boot.scratch.shell(
            "mcopy -i disk.raw@@\(start) ::/EFI/BOOT/grubx64.efi grub.efi; printf x | dd of=grub.efi bs=1 seek=70000 conv=notrunc status=none"
        )
        try boot.place("grub.efi", at: "/EFI/BOOT/grubx64.efi")
        let grub = try boot.run("true", disk: disk)
        #expect(grub.status == 77)
        #expect(grub.errorText.contains("snp-emulator: boot: ") && grub.errorText.contains("grubx64.efi"))
        try DebianImages.unpack(into: boot.scratch)
        try boot.place("shim-unsigned", at: "/EFI/BOOT/BOOTX64.EFI")
        let shim = try boot.run("true", disk: disk)
        #expect(shim.status == 77)
        #expect(shim.errorText.contains("/EFI/BOOT/BOOTX64.EFI: the firmware will not start it"), "\(shim.errorText)")
    }

    @Test func saysWhatIsWrongWithADisk() throws {
        let scratch = boot.scratch
        try scratch.shell(
            """
            head -c 3000000 /dev/urandom >noise; truncate -s 8M blank
            printf 'label: gpt\\nsize=4MiB, type=L\\n' | sfdisk -q blank
            head -c 40000000 '\(ModelledBoot.disk)' >cut
            """)
        #expect(try boot.run("true", disk: scratch.file("noise")).status == 65)
        #expect(try boot.run("true", disk: scratch.file("cut")).status == 65)
        let blank = try boot.run("true", disk: scratch.file("blank"))
        #expect(blank.status == 66)
        #expect(blank.errorText.contains("no partition is the EFI system partition"), "\(blank.errorText)")
        let missing = try boot.run("true", disk: scratch.file("none"))
        #expect(missing.status == 66)
        #expect(missing.errorText.contains(scratch.file("none")))
        #expect(try boot.run("true", disk: scratch.path).status == 64)
        let both = try boot.run("true", "--eventlog", scratch.file("noise"))
        #expect(both.status == 64)
        #expect(both.errorText.contains("--image and --eventlog exclude each other"))
    }
}
