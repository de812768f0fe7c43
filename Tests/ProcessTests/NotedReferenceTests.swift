import JSON
import TestSupport
import Testing

/// A boot that the TPM's policy would approve, and that the initrd in it refuses: by the manifest that is inside.
@Suite(.enabled(if: DebianImages.isPresent)) struct NotedReferenceTests {
    private let installed: InstalledMachine
    private var scratch: Scratch { installed.tree.scratch }

    init() throws {
        installed = try InstalledMachine()
        try #require(try installed.machine.enroll().status == 0)
        try installed.machine.configure("")
    }

    /// Makes the manifest of the installed system and notes it as the hooks do, with some of its text changed.
    private func note(replacing pattern: String, with text: String = "") throws {
        let made = try installed.machine.sealroot(["reference", "create"] + installed.machine.system)
        try #require(made.status == 0, "\(made.errorText)")
        try scratch.write(Array(made.output), to: "made")
        let folder = installed.machine.stateFolder + "/references"
        try scratch.shell(
            """
            mkdir -p '\(folder)'
            sed 's/\(pattern)/\(text)/' made > "\(folder)/$(sha256sum boot/initrd.img-* | cut -c1-64).json"
            """)
    }

    /// The controls: its own manifest, and none.
    @Test func takesTheBootThatTheManifestAllows() throws {
        #expect(try installed.reseal().status == 0)
        try note(replacing: "nothing that it has")
        let result = try installed.reseal()
        #expect(result.status == 0, "\(result.errorText)")
    }

    @Test func seesAnotherGRUB() throws {
        let path = "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"
        let hash = try installed.machine.sealroot(["hash-pe", "--json", scratch.file(path)])
        let found = try #require(hash.text.firstMatch(of: /[0-9a-f]{64}/))
        try note(replacing: String(found.0), with: String(repeating: "0", count: 64))
        try expectRefusal("grub is refused: ")
    }

    @Test func seesAnotherDBX() throws {
        try note(replacing: #"\("dbx": *"\)[0-9a-f]*"#, with: #"\1"# + String(repeating: "0", count: 64))
        try expectRefusal("secure-boot is refused: dbx")
        // Whoever lets the boot check warn only is not kept from anything.
        try installed.machine.configure("boot-check = warn\n")
        #expect(try installed.reseal().status == 0)
    }

    @Test func takesNoManifestThatItCannotRead() throws {
        try note(replacing: "{", with: "[")
        #expect(try installed.reseal().status == 65)
    }

    private func expectRefusal(_ reason: String) throws {
        let before = try installed.token()
        let result = try installed.reseal()
        #expect(result.status == 77)
        #expect(result.errorText.contains("was made for another boot"), "\(result.errorText)")
        #expect(result.errorText.contains(reason), "\(result.errorText)")
        #expect(try installed.token() == before, "nothing is approved")
    }
}
