import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

private let debian13Disk = DemoDisk(in: buildFolder + "/debian13")

/// Debian 13 with an initramfs of dracut, in a whole machine: its own shim, GRUB 2.12, kernel 6.12 and systemd.
@Suite(.enabled(if: debian13Disk.isBuilt, "there is no disk of Debian 13: `make trixie` makes one"))
struct DracutBootTests {
    /// What systemd-cryptsetup asks.
    private static let prompt = "for disk root:"
    private let scratch: Scratch
    private let computer: DemoComputer

    init() throws {
        scratch = try Scratch()
        computer = DemoComputer(disk: debian13Disk, folder: scratch.file("computer"))
    }

    @Test func isEnrolledOnceBootsUnattendedAndEndsWhereTheHostHasChangedIt() throws {
        try enroll()

        let machine = try computer.boot()
        let end = try machine.wait(forAny: [DemoDisk.shell, Self.prompt, DemoDisk.refusal])
        try #require(end == DemoDisk.shell, "\(machine.transcript.suffix(4000))")
        let status = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)
        #expect(status["result"] == .string("unlocked"))
        #expect(status["mapping"] == .string("root"))
        #expect(
            status["steps"]?.array?.compactMap { $0["name"]?.string } == [
                "configure", "prepare", "copy-header", "find-key", "check-boot", "unseal", "authenticate", "open",
                "fence",
            ])
        let chain = try #require(status["chain"]?.array)
        #expect(chain.count == 10 && chain.allSatisfy { $0["verdict"] == .string("ok") })
        let system = try machine.run("cat /etc/debian_version /proc/version; findmnt -no SOURCE /").output
        #expect(system.hasPrefix("13.") && system.contains("/dev/mapper/root"), "\(system)")
        #expect(system.contains("Linux version 6.12."), "\(system)")
        // It was dracut's, and its unit was in time for whoever else would open the disk: the mapping was made by then.
        let journal = try machine.run("journalctl -b -o cat --no-pager").output
        #expect(journal.contains("dracut-"), "\(journal.suffix(4000))")
        #expect(journal.contains("Volume root already active."), "\(journal.suffix(4000))")
        // The fence.
        #expect(try machine.run("sealroot-init unlock --no-activate").status == 77)
        try machine.changeCommandLineAsHost()
        try machine.powerOff()

        // No key, no shell, and the machine is off.
        let changed = try computer.boot()
        #expect(try changed.wait(forAny: [DemoDisk.shell, Self.prompt, DemoDisk.refusal]) == DemoDisk.refusal)
        try changed.wait(for: "(code 77)")
        try changed.waitUntilOff()
        #expect(!changed.transcript.contains(Self.prompt))
    }

    /// The first boot: a person answers systemd-cryptsetup.
    private func enroll() throws {
        let key = try String(contentsOfFile: debian13Disk.recoveryKeyPath, encoding: .utf8)
        let machine = try computer.boot()
        try machine.wait(for: Self.prompt)
        machine.type(key + "\n")
        try machine.wait(for: DemoDisk.shell)
        let result = try machine.run(
            "sealroot enroll /dev/disk/by-partlabel/root",
            answering: [(prompt: "Passphrase or recovery key of the volume:", answer: key)])
        try #require(result.status == 0, "\(result.output)")
        try machine.powerOff()
    }
}
