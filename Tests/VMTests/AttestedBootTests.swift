import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

/// The devices of a confidential guest in a whole machine of the emulator: snp-emulator-guest is part of the demo disk, and
/// serves them from the initramfs on.
@Suite(.serialized, .enabled(if: builtDisk.isBuilt, "there is no demo disk: run `make image` first"))
struct AttestedBootTests {
    private static let emulator = Scratch.product("snp-emulator").path
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.shell("'\(Self.emulator)' init state")
    }

    @Test func attestsItsTPMInTheInitramfsAndAnswersClientsAfterwards() throws {
        let key = try String(contentsOfFile: builtDisk.recoveryKeyPath, encoding: .utf8)
        var machine = try boot()
        try machine.wait(for: DemoDisk.prompt)
        machine.type(key + "\n")
        try machine.wait(for: DemoDisk.shell)
        try serveAnUnmodifiedClient(machine)
        try allow(measurement(in: machine))
        let enrolled = try machine.run(
            "sealroot enroll /dev/disk/by-partlabel/root",
            answering: [(prompt: "Passphrase or recovery key of the volume:", answer: key)])
        try #require(enrolled.status == 0, "\(enrolled.output)")
        try send("policy.json", to: "/etc/sealroot/attestation.json", machine)
        try succeed(machine, "printf 'provider = svsm\\nattestation = required\\n' >> /etc/sealroot/init.conf")
        try succeed(machine, "update-initramfs -u && sealroot reseal && sealroot status")
        try machine.powerOff()

        machine = try boot()
        let end = try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal])
        try #require(end == DemoDisk.shell, "\(machine.transcript.suffix(2000))")
        let status = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)
        #expect(status["attestation"]?["provider"]?.string == "svsm")
        #expect(status["attestation"]?["verdict"]?.string == "accepted")
        try machine.powerOff()

        // The control: a machine whose SVSM's guest has no key has no provider, and no volume key for it.
        machine = try boot("--attack", "withhold-vmpck")
        #expect(try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal]) == DemoDisk.refusal)
    }

    private func boot(_ options: String...) throws -> VirtualMachine {
        try VirtualMachine(
            emulator: Self.emulator, disk: builtDisk.image, state: scratch.file("state"), options: options)
    }

    private func succeed(_ machine: VirtualMachine, _ command: String) throws {
        let result = try machine.run(command, seconds: 600)
        try #require(result.status == 0, "\(command): \(result.output)")
    }

    /// Types a file into the machine.
    private func send(_ name: String, to path: String, _ machine: VirtualMachine) throws {
        let text = try scratch.shell("gzip -9 < '\(name)' | base64")
        try succeed(machine, "base64 -d <<'END' | gzip -d > '\(path)'\n\(text)\nEND\ntrue")
    }

    /// The C program that knows the kernel's header only.
    private func serveAnUnmodifiedClient(_ machine: VirtualMachine) throws {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../GuestClient/client.c")
        try scratch.shell("cc -std=gnu11 -Os -s -o client '\(source.standardized.path)'")
        try send("client", to: "/root/client", machine)
        let output = try machine.run("chmod +x client; ./client report vmpl=2; ./client key vmpl=2").output
        let lines = output.split(separator: "\n")
        try #require(lines.count == 2, "\(output)")
        let words = lines[0].split(separator: " ")
        #expect(words.first == "rc=0")
        let asked = try #require(words.first { $0.hasPrefix("asked=") }).dropFirst("asked=".count)
        let answer = try #require(words.first { $0.hasPrefix("answer=") }).dropFirst("answer=".count)
        // REPORT_DATA at 0x50, VMPL at 0x30.
        #expect(answer.dropFirst(2 * 0x50).prefix(128) == asked)
        #expect(answer.dropFirst(2 * 0x30).prefix(8) == "02000000")
        #expect(lines[1].hasPrefix("rc=0 errno=0"))
    }

    /// The launch digest, by configfs-tsm. Source: AMD 56860, ATTESTATION_REPORT, offset 0x90.
    private func measurement(in machine: VirtualMachine) throws -> String {
        let output = try machine.run(
            "d=/sys/kernel/config/tsm/report/a; mkdir $d && head -c 64 /dev/urandom > $d/inblob && echo 2 > $d/privlevel"
                + " && tail -c +145 $d/outblob | head -c 48 | od -An -v -tx1 | tr -d ' \\n'; rmdir $d"
        ).output
        try #require(output.count == 96, "\(output)")
        return output
    }

    /// The owner's policy: this guest, on this chip.
    private func allow(_ measurement: String) throws {
        let root = String(decoding: try scratch.bytes("state/certs/ark.pem"), as: UTF8.self)
        let level = ["boot_loader": 0, "tee": 0, "snp": 0, "microcode": 0]
        let policy: [String: Any] = [
            "version": 1, "measurements": [measurement], "roots": [root],
            "minimum_tcb": ["milan": ["reported": level]],
        ]
        try scratch.write(Array(JSONSerialization.data(withJSONObject: policy)), to: "policy.json")
    }
}
