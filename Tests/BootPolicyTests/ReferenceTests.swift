import BootPolicy
import BoundedBytes
import EFI
import EventLog
import JSON
import Testing

@Suite struct ReferenceTests {
    private let digest = String(repeating: "ab", count: 32)

    private var text: String {
        """
        {"version":1,"programs":[{"role":"shim","sha256":"\(digest)","file":"EFI/debian/shimx64.efi","version":"16.1",
        "signers":["Microsoft UEFI CA 2023 signer"]},{"role":"kernel","sha256":"\(digest)","file":"/boot/vmlinuz"}],
        "drivers":[{"sha256":"\(digest)","file":"PciRoot(0x0)"}],"variables":{"PK":"\(digest)","dbx":"\(digest)"},
        "sbat":{"shim":4,"grub":5},"mok":{"MokList":"\(digest)"}}
        """
    }

    @Test func everyFieldIsRead() throws {
        let bytes = [UInt8](repeating: 0xAB, count: 32)
        let reference = try Reference(parsing: Array(text.utf8))
        #expect(
            reference
                == Reference(
                    programs: [
                        .init(
                            role: .shim, digest: bytes, file: "EFI/debian/shimx64.efi", version: "16.1",
                            signers: ["Microsoft UEFI CA 2023 signer"]),
                        .init(role: .kernel, digest: bytes, file: "/boot/vmlinuz"),
                    ], drivers: [.init(digest: bytes, file: "PciRoot(0x0)")],
                    variables: [.init(name: "PK", digest: bytes), .init(name: "dbx", digest: bytes)],
                    sbat: [.init(component: "shim", generation: 4), .init(component: "grub", generation: 5)],
                    mok: [.init(name: "MokList", digest: bytes)]))
        #expect(try Reference(parsing: Array(reference.json.pretty.utf8)) == reference)
    }

    /// Each edit of the right text, and the field that the refusal names.
    @Test(arguments: [
        (#""version":1,"#, #""version":2,"#, "version"), (#""version":1,"#, "", "version"),
        (#""role":"shim""#, #""role":"shin""#, "programs[0].role"),
        (#""role":"kernel""#, #""role":"shim""#, "programs"),
        (#""file":"/boot/vmlinuz""#, #""fiel":"/boot/vmlinuz""#, "programs[1].file"),
        (#""file":"/boot/vmlinuz""#, #""file":"/boot/vmlinuz","sha1":"00""#, "programs[1].sha1"),
        (#""PK":"ab"#, #""PK":"a"#, "variables.PK"), (#""PK":"#, #""dbt":"#, "variables.dbt"),
        (#""shim":4"#, #""shim":0"#, "sbat.shim"), (#""shim":4"#, #""shim":"4""#, "sbat.shim"),
        (#""shim":4"#, #""shim":4294967296"#, "sbat.shim"), (#""mok":{"#, #""mok":[],"x":{"#, "mok"),
        (#""MokList":"ab"#, #""MokList":"zz"#, "mok.MokList"), (#""drivers":["#, #""drivers":[1,"#, "drivers[0]"),
    ])
    func aWrongFieldIsNamed(_ right: String, _ wrong: String, _ field: String) throws {
        let changed = text.replacing(right, with: wrong, maxReplacements: 1)
        #expect(changed != text)
        let error = #expect(throws: ReferenceError.self) { try Reference(parsing: Array(changed.utf8)) }
        #expect(error?.field == field)
    }

    @Test func cutAtEveryLengthItIsRefused() {
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            #expect(throws: ReferenceError.self) { try Reference(parsing: Array(bytes[..<count])) }
        }
    }

    /// The reference comes from the initramfs, but its file names come from disks: no line of the console may break.
    @Test func hostileNamesAreEscaped() throws {
        let hostile = Reference.Program(
            role: .shim, digest: DemoBoot.shim, file: "a\u{1B}[2J\nkernel ok", version: "1\n", signers: [])
        var boot = try DemoBoot()
        boot.records[try boot.index(pcr: 4, .bootServicesApplication, "BOOTX64.EFI")].digest[0] ^= 1
        let verdict = try boot.verdict(DemoBoot.reference(programs: [hostile]))
        for component in verdict.components {
            #expect(component.line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        }
    }
}
