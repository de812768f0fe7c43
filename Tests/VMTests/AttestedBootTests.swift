import Foundation
import TestSupport
import Testing
import VirtualMachine

/// The devices of a confidential guest in a whole machine of the emulator: snp-emulator-guest is part of the disk, and serves
/// them from the initramfs on.
@Suite(.serialized, .enabled(if: confidentialDisk.isBuilt, "there is no confidential disk: run `make image` first"))
struct AttestedBootTests {
    private let delivered: DeliveredMachine
    private var scratch: Scratch { delivered.scratch }

    init() throws { delivered = try DeliveredMachine(confidentialDisk) }

    @Test func attestsItsTPMInTheInitramfsAndAnswersClientsAfterwards() throws {
        let machine = try delivered.attested()
        try serveAnUnmodifiedClient(machine)
        try machine.powerOff()
        try delivered.refusesWithoutItsKey()
    }

    /// Types a file into the machine.
    private func send(_ name: String, to path: String, _ machine: VirtualMachine) throws {
        let text = try scratch.shell("gzip -9 < '\(name)' | base64")
        try machine.succeed("base64 -d <<'END' | gzip -d > '\(path)'\n\(text)\nEND\ntrue", seconds: 600)
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
}
