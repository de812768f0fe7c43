import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

let confidentialDisk = ConfidentialDisk(in: buildFolder + "/images")

/// The memory of the confidential VM, before and after its key was exchanged, as its host and as itself see it.
@Suite(.serialized, .enabled(if: confidentialDisk.isBuilt, "there is no confidential disk: run `make image` first"))
struct ConfidentialMemoryTests {
    private static let emulator = Scratch.product("snp-emulator").path
    private static let byteCount = 512 << 20
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try confidentialDisk.deliver(to: scratch.file("state"))
    }

    @Test func theHostSeesNoKeyAndTheGuestKeepsTheVolumeKeyOnly() throws {
        let volumeKey = try volumeKey()
        let first = try secrets(of: tokenOfTheImage())
        var machine = try unattended()
        try expectVolumeKey(volumeKey)
        try expectThatTheHostCannotWrite()
        // What was sealed elsewhere waits in the kernel's keyring until the first boot's unit has exchanged it.
        try machine.finish("sealroot-first-boot")
        try expectNone(of: [("sealed elsewhere", first.sealed)] + first.derived)
        let token = try tokenOf(machine)
        try machine.powerOff()
        let second = try secrets(of: token)
        #expect(second.sealed != first.sealed)

        machine = try unattended()
        try expectVolumeKey(volumeKey)
        try expectNone(of: [("sealed secret", second.sealed), ("sealed elsewhere", first.sealed)])
        try expectNone(of: first.derived + second.derived)
        try machine.powerOff()
        #expect(machine.exitStatus == 0)
    }

    private func unattended() throws -> VirtualMachine {
        let machine = try confidentialDisk.boot(
            emulator: Self.emulator, state: scratch.file("state"), options: ["--memory", "512"])
        let reached = try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal])
        try #require(reached == DemoDisk.shell, "\(machine.transcript)")
        let status = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)
        #expect(status["result"] == .string("unlocked"))
        #expect(status["attestation"]?["verdict"] == .string("accepted"))
        return machine
    }

    /// dm-crypt has expanded the two keys of XTS, each of which begins with its 32 bytes.
    private func expectVolumeKey(_ key: [UInt8]) throws {
        for half in [Array(key.prefix(32)), Array(key.suffix(32))] {
            #expect(try hits(of: half, as: "guest") > 0)
            #expect(try hits(of: half, as: "host") == 0)
        }
    }

    private func expectNone(of secrets: [(label: String, bytes: [UInt8])]) throws {
        for (label, bytes) in secrets {
            #expect(try hits(of: bytes, as: "guest") == 0, "\(label)")
            #expect(try hits(of: bytes, as: "host") == 0, "\(label)")
        }
    }

    private func expectThatTheHostCannotWrite() throws {
        let write = try Command.run([
            Self.emulator, "memory", "--state", scratch.file("state"), "--as", "host", "write", "0x100000", "00",
        ])
        #expect(write.status == 74)
        #expect(write.errorText.contains("#PF (RMP)"))
    }

    private func hits(of bytes: [UInt8], as observer: String) throws -> Int {
        try scratch.write(bytes, to: "pattern")
        let output = try scratch.shell(
            "'\(Self.emulator)' memory --state state --as \(observer) --json --from pattern scan")
        let answer = try JSONValue(parsing: output)
        #expect(try #require(answer["scanned"]?.integer) == Self.byteCount)
        return try #require(answer["hits"]?.array).count
    }

    private func secrets(of token: String) throws -> TokenSecrets {
        try TokenSecrets(of: token, disk: confidentialDisk.image, state: "state", scratch)
    }

    /// One line a token.
    private static func export(_ device: String) -> String {
        "for n in 0 1 2 3 4 5; do cryptsetup token export --token-id $n \(device) 2>/dev/null && echo; done"
            + " | grep '\"sealroot\"'"
    }

    private func tokenOf(_ machine: VirtualMachine) throws -> String {
        let result = try machine.run(Self.export("/dev/vda3"))
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func tokenOfTheImage() throws -> String { try scratch.shell(Self.export("header")) }

    /// By cryptsetup, from the header in the image and the recovery key that nobody has typed into the machine. It leaves
    /// the header as `header`.
    private func volumeKey() throws -> [UInt8] {
        try scratch.shell(
            """
            start=$(sfdisk -d '\(confidentialDisk.image)' | sed -n 's/.*start= *\\([0-9]*\\),.*name="root".*/\\1/p')
            dd if='\(confidentialDisk.image)' of=header bs=512 skip="$start" count=32768 status=none
            cryptsetup luksDump -q --dump-volume-key --volume-key-file key \
                --key-file '\(confidentialDisk.recoveryKeyPath)' header >/dev/null
            """)
        let key = try scratch.bytes("key")
        try #require(key.count == 64)
        return key
    }
}
