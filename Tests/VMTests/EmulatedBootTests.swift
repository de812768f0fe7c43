import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

/// The demo disk in a whole machine of the emulator, beside the same disk in a machine with a plain swtpm.
@Suite(.serialized, .enabled(if: builtDisk.isBuilt, "there is no demo disk: run `make image` first"))
struct EmulatedBootTests {
    private static let emulator = Scratch.product("snp-emulator").path
    /// What both machines have measured alike: all that comes from the disk and from Secure Boot.
    private static let pcrs = [4, 7, 8, 9, 14]
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.shell("'\(Self.emulator)' init state")
    }

    /// Somebody types the recovery key at Debian's own prompt.
    private func logIn(_ machine: VirtualMachine) throws {
        let key = try String(contentsOfFile: builtDisk.recoveryKeyPath, encoding: .utf8)
        try machine.wait(for: DemoDisk.prompt)
        machine.type(key + "\n")
        try machine.wait(for: DemoDisk.shell)
    }

    private func emulated(_ options: String...) throws -> VirtualMachine {
        try VirtualMachine(
            emulator: Self.emulator, disk: builtDisk.image, state: scratch.file("state"), options: options)
    }

    private func values(in machine: VirtualMachine) throws -> [String: String] {
        try SoftwareTPM.values(in: machine.run("tpm2_pcrread").output, of: Self.pcrs)
    }

    @Test func measuresWhatAPlainMachineMeasures() throws {
        let machine = try emulated("--record-tpm", scratch.file("bus"))
        try logIn(machine)
        let inside = try values(in: machine)
        #expect(Self.pcrs.allSatisfy { inside["sha256:\($0)"] != nil })

        // What the firmware logged is what the TPM holds.
        let log = "/sys/kernel/security/tpm0/binary_bios_measurements"
        let replayed = try JSONValue(parsing: machine.run("sealroot eventlog replay \(log)").output)
        for pcr in [0, 1, 2, 3, 4, 5, 6, 7, 14] {
            let held = try SoftwareTPM.values(in: machine.run("tpm2_pcrread sha256:\(pcr)").output, of: [pcr])
            #expect(replayed["sha256"]?[String(pcr)]?.string == held["sha256:\(pcr)"], "PCR \(pcr)")
        }

        // And what passed the host on its way there.
        let heard = try RecordedExtensions.values(in: scratch.bytes("bus"))
        for pcr in Self.pcrs { #expect(heard[pcr] == inside["sha256:\(pcr)"], "PCR \(pcr)") }

        // A guest that resets its machine is launched anew: what it measures begins at zero again.
        machine.type("systemctl reboot\n")
        try logIn(machine)
        #expect(try values(in: machine) == inside)
        try machine.powerOff()
        #expect(machine.exitStatus == 0)

        let plain = try VirtualMachine(disk: builtDisk.image, folder: scratch.file("plain"))
        try logIn(plain)
        #expect(try values(in: plain) == inside)
        try plain.powerOff()
    }

    /// The second of them ends by itself when its console has shown what is waited for.
    @Test func twoMachinesRunSideBySide() throws {
        try scratch.shell("cp -a state other")
        let machine = try emulated("--memory", "512")
        let other = try VirtualMachine(
            emulator: Self.emulator, disk: builtDisk.image, state: scratch.file("other"),
            options: ["--memory", "512", "--console", scratch.file("console"), "--until", DemoDisk.prompt])
        for started in [machine, other] { try started.wait(for: "Welcome to GRUB") }
        for state in ["state", "other"] {
            let map = try scratch.shell("'\(Self.emulator)' memory --state \(state) map")
            #expect(map == "0x0  0x20000000  private validated")
        }
        try other.waitUntilOff()
        #expect(other.exitStatus == 0)
        #expect(other.transcript.contains(DemoDisk.prompt))
        #expect(Array(other.transcript.utf8) == (try scratch.bytes("console")))
        // The first is none the worse for it.
        try machine.wait(for: DemoDisk.prompt)
        #expect(scratch.exists("state/run/memory") && !scratch.exists("other/run/memory"))
    }
}
