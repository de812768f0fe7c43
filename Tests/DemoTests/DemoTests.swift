import Foundation
import TestSupport
import Testing

/// The demo with a stand-in for the emulator, whose console says what the test wants: what it tells of a whole boot, and
/// what it does not take for one.
struct DemoTests {
    private let scratch: Scratch
    /// Of a real boot.
    private let status: String

    init() throws {
        scratch = try Scratch()
        status = try String(
            contentsOf: Fixtures.folder.appending(path: "confidential-boot/status.json"), encoding: .utf8)
        try scratch.shell("mkdir -p .build/images/chip .build-owner/release && : > .build/images/confidential.raw")
        try scratch.write(Array(Self.emulator.utf8), to: ".build-owner/release/snp-emulator")
        try scratch.shell("chmod +x .build-owner/release/snp-emulator")
        try scratch.write(Array(#"{"measurements":["0123456789abcdef0123"]}"#.utf8), to: "attestation.json")
    }

    /// A console on which nothing but the commands of the demo is known.
    private static let emulator = """
        #!/bin/sh
        echo() { printf '%s\\r\\n' "$*"; }
        cat() { command cat "${1##*/}"; }
        tpm2_pcrread() { echo "  sha256:"; }
        systemctl() { [ "$1" != poweroff ] || exit 0; }
        grep() { echo "$(command cat keys)"; }
        for line in "Welcome to GRUB" "Loading Linux" "sealroot: boot: log ok" "sealroot: volume: unlocked"; do
            echo "$line"
        done
        echo "root@sealroot-demo:~#"
        while read -r line; do eval "$line"; done
        """

    /// - Parameter keys: how many of ours are in the kernel's keyring after the first boot's unit.
    private func demo(_ status: String, keys: Int = 0) throws -> CommandResult {
        try scratch.write(Array(status.utf8), to: "status.json")
        try scratch.write(Array("\(keys)\n".utf8), to: "keys")
        return try Command.run(["timeout", "-k", "5", "60", Scratch.product("demo").path], folder: scratch.path)
    }

    @Test func tellsEachStepAndTheChain() throws {
        let result = try demo(status)
        #expect(result.status == 0, "\(result.errorText)")
        for line in [
            "attested             433 ms  by svsm", "checked              234 ms", "unsealed             136 ms",
            "authenticated        188 ms", "opened               542 ms", "fenced                71 ms",
            "26 TPM commands",
            "AMD-SP (emulated): attested launch digest 0123456789abcdef", "└─ OVMF, Secure Boot on, keys not pinned",
            #"   └─ shim 80a66d53a945d228 \EFI\BOOT\BOOTX64.EFI, version 16.1"#,
            #"      └─ grub a68f6d71ebddaa19 \EFI\BOOT\grubx64.efi, version 2.06-13+deb12u2"#,
            "         └─ kernel 6b1bf35c3bee9918 /boot/vmlinuz-6.1.0-56-amd64, version 6.1.0-56-amd64",
        ] { #expect(result.text.split(separator: "\n").contains(Substring(line)), "\(line)\n\(result.text)") }
        #expect(String(decoding: try scratch.bytes(".build/demo/status.json"), as: UTF8.self) == status)
    }

    @Test(arguments: ["attest", "check-boot", "unseal", "authenticate", "open", "fence"])
    func failsWithoutAStep(_ step: String) throws {
        let good = "\"name\": \"\(step)\",\n      \"result\": \"ok\""
        for (part, whole) in [("\"\(step)\"", "\"other\""), ("\"ok\"", "\"failed\"")] {
            let other = good.replacing(part, with: whole)
            try #require(status.contains(good) && other != good)
            let result = try demo(status.replacing(good, with: other))
            #expect(result.status == 70)
            #expect(result.errorText.contains("no good step '\(step)'"), "\(result.errorText)")
        }
    }

    @Test func failsWhereTheKernelKeepsTheKeyOfTheImagesMaker() throws {
        let result = try demo(status, keys: 1)
        #expect(result.status == 70 && result.errorText.contains("did not exchange the key"), "\(result.errorText)")
    }

    @Test(arguments: [
        (#""unlocked""#, #""recovered""#, "the volume was not unlocked"),
        (#""code": 0"#, #""code": 77"#, "was not unlocked"),
        (#""accepted""#, #""refused""#, "nobody has attested"),
        (#""component": "shim""#, #""component": "x""#, "no 'shim'"),
        (#""verdict": "ok""#, #""verdict": "refused""#, "is refused"), (#""version": 1"#, #""version" 1"#, "JSON"),
    ])
    func failsWhereTheStatusIsNotThatOfAWholeBoot(_ old: String, _ new: String, _ reason: String) throws {
        let result = try demo(status.replacing(old, with: new, maxReplacements: 1))
        #expect(result.status == 70)
        #expect(result.errorText.contains(reason), "\(result.errorText)")
    }

    @Test func failsWhereSomebodyIsAsked() throws {
        let asking = Self.emulator.replacingOccurrences(of: "Loading Linux", with: "Please unlock disk root")
        try scratch.write(Array(asking.utf8), to: ".build-owner/release/snp-emulator")
        let result = try demo(status)
        #expect(result.status == 70)
        #expect(result.errorText.contains("not unattended"))
    }
}
