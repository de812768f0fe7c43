import Cryptography
import Foundation
import JSON
import TestSupport
import Testing

/// The program as scripts see it.
@Suite(.enabled(if: DebianImages.isPresent)) struct PredictCommandTests {
    private static let log = Fixtures.folder.appending(path: "demo-boot/eventlog.bin").path()
    private static let template = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Packaging/templates/ovmf-debian12-secureboot.json").standardized.path()

    private func run(_ arguments: [String]) throws -> CommandResult {
        try Command.run([Scratch.product("sealroot").path(), "predict"] + arguments)
    }

    @Test(arguments: [["--eventlog", log], ["--template", template]]) func printsAnObject(_ source: [String]) throws {
        let image = try #require(DebianImages.file("encrypted.raw"))
        let result = try run(["--image", image, "--json"] + source)
        #expect(result.status == 0 && result.errorText.isEmpty)
        let object = try JSONValue(parsing: result.output)
        #expect(object["complete"] == .bool(true))
        for pcr in ["4", "7", "8", "9", "11", "14"] {
            let value = object["pcrs"]?["sha256"]?[pcr]?.string
            #expect(try value == DemoBoot.values(.sha256)[UInt32(pcr) ?? 0])
        }
        let events = try #require(object["events"]?.array)
        #expect(events.count == 66)
        #expect(events.allSatisfy { $0["digests"]?["sha1"]?.string?.utf8.count == 40 })
        let reasons = events.compactMap { $0["reason"]?.string }
        let kept = source[0] == "--eventlog" ? "kept from the last log" : "template ovmf-debian12-secureboot"
        #expect(reasons.contains(kept))
        #expect(
            reasons.contains { $0.hasPrefix("file digest of ") && $0.hasSuffix("partition 1/EFI/BOOT/BOOTX64.EFI") })
        #expect(reasons.contains("GRUB command at (hd0,gpt2)/grub/grub.cfg:98:2"))
        #expect(reasons.contains("command line at (hd0,gpt2)/grub/grub.cfg:98:2"))
    }

    @Test func exitsWith77WhereSomethingCannotBeKnown() throws {
        let tree = try DemoTree()
        try tree.scratch.shell("sed -i '1i if cpuid -l; then set a=b; fi' boot/grub/grub.cfg")
        let result = try run(["--root", tree.scratch.path, "--eventlog", Self.log, "--json"])
        #expect(result.status == 77)
        #expect(
            result.errorText.contains("PCR 4, 8, 9 cannot be predicted: GRUB's command at (hd0,gpt2)/grub/grub.cfg:1"))
        let object = try JSONValue(parsing: result.output)
        #expect(object["complete"] == .bool(false))
        #expect(object["gaps"]?.array?.count == 1)
        #expect(object["pcrs"]?["sha256"]?["8"] == nil)
        #expect(object["pcrs"]?["sha256"]?["14"] != nil)
    }

    @Test func failsWithTheCodesOfTheContract() throws {
        let image = try #require(DebianImages.file("disk.raw"))
        let scratch = try Scratch()
        try scratch.write([1, 2, 3], to: "log")
        for (arguments, status) in [
            (["--image", scratch.file("none"), "--eventlog", Self.log], 66),
            (["--image", image, "--eventlog", scratch.file("none")], 66),
            (["--image", image, "--eventlog", scratch.file("log")], 65),
            (["--image", scratch.file("log"), "--eventlog", Self.log], 65),
            (["--image", image, "--template", "none"], 66),
            (["--image", image, "--eventlog", Self.log, "--kernel", "5.10"], 66),
            (["--image", image, "--root", "/"], 64), (["--eventlog", Self.log, "--template", "x"], 64),
        ] { #expect(try run(arguments).status == Int32(status), "\(arguments)") }
    }
}
