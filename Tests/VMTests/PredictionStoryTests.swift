import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

/// What `sealroot predict` says before a boot is what the TPM holds after it: for the image that never booted, and for
/// each change that a Debian system makes to its own boot. The machine is not enrolled, so every boot comes up.
@Suite(.serialized, .enabled(if: builtDisk.isBuilt, "there is no demo disk: run `make image` first"))
final class PredictionStoryTests {
    private let folder = NSTemporaryDirectory() + "/sealroot-vm-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// In the order of their numbers.
    private static let pcrs = ["4", "7", "8", "9", "14"]

    @Test func whatIsPredictedIsWhatTheNextBootMeasures() throws {
        let computer = DemoComputer(disk: builtDisk, folder: folder)
        let unbooted = try predictionOfTheImage()
        var machine = try computer.bootByHand()
        #expect(try measured(machine) == unbooted, "an image that never booted, by the template")
        #expect(try predicted(machine) == unbooted, "nothing has changed since this boot")

        // Another command line.
        try succeed(machine, "sed -i s/panic=30/panic=31/ /etc/default/grub.d/demo.cfg && update-grub")
        let commandLine = try predicted(machine)
        #expect(differing(commandLine, unbooted) == ["8", "9"])
        try machine.powerOff()
        machine = try computer.bootByHand()
        #expect(try measured(machine) == commandLine)

        // Another initrd, made by Debian's tools. Its reference now pins this firmware's keys and shim's lists.
        try succeed(machine, "echo ext2 >> /etc/initramfs-tools/modules && update-initramfs -u")
        let initrd = try predicted(machine)
        #expect(differing(initrd, commandLine) == ["9"])
        try machine.powerOff()
        machine = try computer.bootByHand()
        #expect(try measured(machine) == initrd)
        #expect(machine.transcript.contains("sealroot: boot: secure-boot ok on, pinned: PK KEK db dbx"))
        #expect(machine.transcript.contains("sealroot: boot: mok ok pinned"))

        // Another kernel, from its package: the hooks of Debian make its initrd and GRUB's configuration.
        try succeed(machine, "dpkg -i /opt/second-kernel/*.deb")
        let kernel = try predicted(machine)
        #expect(differing(kernel, initrd) == ["4", "8", "9"])
        let old = try predicted(machine, "--kernel $(uname -r)")
        #expect(
            old != kernel && differing(old, initrd).contains("8"), "the old kernel's entry is another menu entry now")
        try machine.powerOff()
        machine = try computer.bootByHand()
        #expect(try machine.run("uname -r").output.contains("cloud"))
        #expect(try measured(machine) == kernel)
        #expect(machine.transcript.contains("sealroot: boot: kernel ok"))
        #expect(!machine.transcript.contains("REFUSED"))

        // What GRUB would ask for cannot be known: that is said, and nothing is guessed.
        try succeed(machine, "echo 'set timeout=-1' >> /boot/grub/custom.cfg")
        let unknown = try machine.run("sealroot predict")
        #expect(unknown.status == 77)
        #expect(unknown.output.contains("custom.cfg") || unknown.output.contains("timeout"), "\(unknown.output)")
        try machine.powerOff()
    }

    private func predictionOfTheImage() throws -> [String: String] {
        let template = buildFolder + "/../Packaging/templates/ovmf-debian12-secureboot.json"
        let result = try Command.run([
            Scratch.product("sealroot").path, "predict", "--image", builtDisk.image, "--template", template, "--json",
        ])
        #expect(result.status == 0, "\(result.errorText)")
        return try values(String(decoding: result.output, as: UTF8.self))
    }

    private func predicted(_ machine: VirtualMachine, _ options: String = "") throws -> [String: String] {
        let result = try machine.run("sealroot predict --json \(options)")
        #expect(result.status == 0, "\(result.output)")
        return try values(result.output)
    }

    private func values(_ json: String) throws -> [String: String] {
        let object = try JSONValue(parsing: json)
        #expect(object["complete"] == .bool(true))
        return try Dictionary(
            uniqueKeysWithValues: Self.pcrs.map { pcr in
                (pcr, try #require(object["pcrs"]?["sha256"]?[pcr]?.string))
            })
    }

    /// As tpm2_pcrread has them.
    private func measured(_ machine: VirtualMachine) throws -> [String: String] {
        let output = try machine.run("tpm2_pcrread sha256:" + Self.pcrs.joined(separator: ",")).output
        let pairs = output.split(separator: "\n").compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, Self.pcrs.contains(parts[0]) else { return nil }
            return (parts[0], parts[1].dropFirst(2).lowercased())
        }
        #expect(pairs.count == Self.pcrs.count)
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private func differing(_ one: [String: String], _ other: [String: String]) -> [String] {
        Self.pcrs.filter { one[$0] != other[$0] }
    }

    private func succeed(_ machine: VirtualMachine, _ command: String) throws {
        let result = try machine.run(command, seconds: 600)
        try #require(result.status == 0, "\(command): \(result.output)")
    }
}
