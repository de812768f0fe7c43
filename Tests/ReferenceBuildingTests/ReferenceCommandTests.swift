import Foundation
import JSON
import TestSupport
import Testing

/// `sealroot reference` as a process.
@Suite(.enabled(if: DebianImages.isPresent)) struct ReferenceCommandTests {
    private let log = Fixtures.folder.appending(path: "demo-boot/eventlog.bin").path()
    private let folder: Scratch

    init() throws {
        folder = try Scratch()
        try DebianImages.unpack(into: folder)
        try folder.shell(
            """
            mkdir -p root/boot/efi/EFI/debian
            cp kernel root/boot/vmlinuz-6.1.0-56-amd64
            cp shim root/boot/efi/EFI/debian/shimx64.efi
            cp grub root/boot/efi/EFI/debian/grubx64.efi
            """)
    }

    private func reference(_ arguments: String...) throws -> CommandResult {
        try Command.run([Scratch.product("sealroot").path, "reference"] + arguments, folder: folder.path)
    }

    @Test func whatIsCreatedAcceptsTheBootThatItWasMadeFor() throws {
        let created = try reference("create", "--root", "root", "--eventlog", log, "-o", "reference.json")
        #expect(created.status == 0, "\(created.errorText)")
        let checked = try reference("check", "reference.json", "--eventlog", log)
        #expect(checked.status == 0, "\(checked.text)")
        #expect(checked.text.hasPrefix("log ok 83 events\norder ok\nsecure-boot ok on, pinned: PK KEK db dbx\n"))
        let object = try JSONValue(parsing: reference("check", "reference.json", "--eventlog", log, "--json").output)
        #expect(object["result"] == .string("accepted"))
        #expect(object["compared_with_tpm"] == .bool(false))
        let shown = try reference("show", "reference.json").text
        #expect(shown.contains("kernel 6b1bf35c3bee9918250f593a6fff889c75c1e239cd2fe9e5bb0cd3de9dcb8e51 /boot/vmlinuz"))
        #expect(shown.contains("sbat grub at least 5"))
    }

    @Test func anotherBootIsRefusedByName() throws {
        try folder.shell(
            """
            printf changed | dd of=root/boot/efi/EFI/debian/grubx64.efi bs=1 seek=100000 conv=notrunc status=none
            """)
        #expect(try reference("create", "--root", "root", "-o", "reference.json").status == 0)
        let checked = try reference("check", "reference.json", "--eventlog", log)
        #expect(checked.status == 77)
        #expect(checked.text.contains("grub REFUSED a68f6d71ebddaa19"))
        let denied = try reference("check", "reference.json", "--eventlog", log, "--deny-argument", "quiet")
        #expect(denied.text.contains("argument 'quiet' is not allowed"))
    }

    @Test func withATPMItsPCRsMustBeThoseOfTheLog() throws {
        #expect(try reference("create", "--root", "root", "-o", "reference.json").status == 0)
        let tpm = try SoftwareTPM()
        let checked = try reference("check", "reference.json", "--eventlog", log, "--tcti", tpm.tcti)
        #expect(checked.status == 77)
        #expect(checked.text.hasPrefix("log REFUSED: PCR 0 is "))
    }

    @Test func failuresHaveTheCodesOfTheTable() throws {
        #expect(try reference("create", "--root", "nowhere").status == 66)
        #expect(try reference("create", "--root", "root", "--kernel", "5.0").status == 66)
        #expect(try reference("create", "--root", "root", "--efivars", "root").status == 66)
        #expect(try reference("create", "--root", "root", "--image", "x").status == 64)
        #expect(try reference("create", "--root", "root", "--eventlog", "kernel").status == 65)
        #expect(try reference("create", "--root", "root", "-o", "no/such/folder").status == 74)
        #expect(try reference("show", "kernel").status == 65)
        #expect(try reference("show", "nothing").status == 66)
        #expect(try reference("check", "nothing", "--eventlog", log).status == 66)
        #expect(try reference("create", "--root", "root", "-o", "reference.json").status == 0)
        let unreachable = try reference(
            "check", "reference.json", "--eventlog", log, "--tcti", "device:/dev/no-such-tpm")
        #expect(unreachable.status == 69)
        let failed = try reference("create", "--root", "nowhere", "--json")
        #expect(try JSONValue(parsing: failed.output)["code"] == .integer(66))
    }
}
