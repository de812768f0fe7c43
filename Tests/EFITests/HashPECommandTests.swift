import Foundation
import JSON
import TestSupport
import Testing

/// `sealroot hash-pe` as a process.
@Suite(.enabled(if: SharedData.isPresent)) struct HashPECommandTests {
    private let folder: Scratch

    init() throws { folder = try Scratch() }

    private func run(_ words: [String]) throws -> CommandResult {
        try Command.run([Scratch.product("sealroot").path(), "hash-pe"] + words)
    }

    @Test func printsDigestsSignersAndSBATAsJSON() throws {
        for name in ["shim-grubx64.0.80.el7.efi", "talos-linuxx64.efi.stub"] {
            try folder.write(try SharedData.bytes("pe/" + name), to: name)
        }
        let files = [folder.file("shim-grubx64.0.80.el7.efi"), folder.file("talos-linuxx64.efi.stub")]
        let result = try run(files + ["--json", "--sha384"])
        #expect(result.status == 0 && result.errorText.isEmpty)
        let objects = try #require(try JSONValue(parsing: result.output).array)
        // Source: data/pe/authenticode.expected.json; names from `sbverify --list`.
        #expect(
            objects[0]["sha256"]?.string == "09f24f417a43755ebaf5c2f34c6d397ba898f0abccbed2ea58ef4b1620291f18")
        #expect(objects[0]["sha384"]?.string?.hasPrefix("dc55605dc58bc6323b0105d52707d324") == true)
        let signature = try #require(objects[0]["signatures"]?.array?.first)
        #expect(signature["matches"] == .bool(true))
        let listed = try folder.shell("sbverify --list \(files[0]) 2>/dev/null | grep -A1 'signature certificates'")
        let signer = try #require(signature["signers"]?.array?.first?["subject"]?.string)
        #expect(listed.contains("CN=" + signer))
        #expect(objects[1]["signatures"] == .array([]))
        let components = objects[1]["sbat"]?.array?.compactMap { $0["component"]?.string }
        #expect(components == ["sbat", "systemd-stub", "systemd-stub.talos"])
    }

    /// sbsign pads and signs; its digest is the one that was foretold for the file without signature.
    @Test func foretellsTheDigestOfAUnifiedKernelImageAfterSigning() throws {
        try folder.write(try SharedData.bytes("pe/talos-linuxx64.efi.stub"), to: "stub")
        try folder.shell(
            """
            printf 'ID=test\\n' > osrel; printf 'console=ttyS0' > cmdline; head -c 100003 /dev/urandom > linux
            objcopy --add-section .osrel=osrel --change-section-vma .osrel=0x20000000 \\
                --add-section .cmdline=cmdline --change-section-vma .cmdline=0x20010000 \\
                --add-section .linux=linux --change-section-vma .linux=0x20020000 stub uki
            printf 'tail' >> uki
            openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=owner 2>/dev/null
            sbsign --key key --cert cert --output signed uki 2>/dev/null
            """)
        let result = try run([folder.file("uki"), folder.file("signed"), "--json"])
        #expect(result.status == 0, "\(result.errorText)")
        let objects = try #require(try JSONValue(parsing: result.output).array)
        let signed = try #require(objects[1]["signatures"]?.array?.first)
        #expect(objects[0]["sha256_after_signing"]?.string == signed["digest"]?.string)
        #expect(objects[0]["sha256_after_signing"] == objects[1]["sha256"])
        #expect(objects[0]["sha256"] != objects[1]["sha256"])
        let sections = objects[0]["uki_sections"]?.array?.map {
            [$0["name"]?.string, $0["bytes"]?.integer.map { "\($0)" }]
        }
        #expect(sections?.contains([".linux", "100003"]) == true)
        #expect(sections?.contains([".cmdline", "13"]) == true)
        #expect(sections?.contains([".osrel", "8"]) == true)
    }

    @Test func endsWith65AtBytesThatAreNoImageAndWith66AtNothing() throws {
        try folder.write(Array("MZ but nothing else".utf8), to: "short")
        let malformed = try run([folder.file("short"), "--json"])
        #expect(malformed.status == 65)
        let error = try JSONValue(parsing: malformed.output)
        #expect(error["code"] == .integer(65) && error["area"] == .string("pe"))
        #expect(malformed.errorText.hasPrefix("sealroot: pe: malformed: "))
        #expect(try run([folder.file("absent")]).status == 66)
        #expect(try run([]).status == 64)
    }

    @Test func saysThatASignatureIsOfAnotherImage() throws {
        var bytes = try SharedData.bytes("pe/shim-grubx64.0.80.el7.efi")
        bytes[0x1000] ^= 1
        try folder.write(bytes, to: "changed")
        let result = try run([folder.file("changed")])
        #expect(result.status == 0)
        #expect(result.text.contains("; it is of another image"))
    }
}
