import Foundation
import HeaderForgery
import TestSupport
import Testing

/// However a boot goes, it leaves the TPM fenced: by the program, and once more by the script.
@Suite(.enabled(if: BootSandbox.isPossible, "user name spaces are needed"))
struct FenceProcessTests {
    /// What a boot may end with: what is done to an enrolled machine, and the code.
    enum Ending: String, CaseIterable, Sendable {
        case header, token, mac, policy, otherTPM, device, activation
        case missingConfiguration, malformedConfiguration, configurationOfOtherBytes

        var code: Int32 {
            switch self {
            case .header, .mac: 79
            case .token: 65
            case .policy, .otherTPM: 77
            case .device: 66
            // There is no device-mapper in a name space of one's own.
            case .activation: 69
            case .missingConfiguration, .malformedConfiguration, .configurationOfOtherBytes: 78
            }
        }

        /// Restarts may help; the rest is final.
        var end: String { [66, 69].contains(code) ? "reboot" : "poweroff" }

        func prepare(_ machine: Machine) throws {
            switch self {
            case .activation: break
            case .header: try forge(machine) { try $0.set("segments.0.encryption", #""cipher_null-ecb""#) }
            case .token: try forge(machine) { try $0.set("tokens.0.version", "9") }
            case .mac: try forge(machine) { try $0.set("keyslots.1.kdf.iterations", "1001") }
            case .policy: try machine.extend(9, "initrd with one file added")
            case .otherTPM: try machine.configure("parent-name = 000b\(String(repeating: "00", count: 32))\n")
            case .device: try FileManager.default.removeItem(atPath: machine.volume.path)
            case .missingConfiguration: try FileManager.default.removeItem(atPath: machine.configurationPath)
            case .malformedConfiguration: try machine.configure("devise = /dev/vda3\n")
            case .configurationOfOtherBytes: try machine.tpm.write([0xFF, 0x00, 0x0A], to: "init.conf")
            }
        }

        private func forge(_ machine: Machine, _ change: (inout ForgedHeader) throws -> Void) throws {
            var header = try ForgedHeader(of: machine.volume)
            try change(&header)
            try header.write(to: machine.volume)
        }
    }

    private func enrolled() throws -> Machine {
        let machine = try Machine()
        let result = try machine.enroll()
        try #require(result.status == 0, "\(result.errorText)")
        return machine
    }

    private func arguments(_ machine: Machine) -> [String] {
        ["--config", machine.configurationPath, "--tcti", machine.tpm.tcti]
    }

    /// PCR 12 holds the fence and nothing else, in every bank, and the log says so.
    private func expectFenced(_ machine: Machine, _ log: String, _ comment: String) throws {
        let values = try machine.tpm.values(of: [12])
        #expect(try values == Self.fenced(), "\(comment)")
        #expect(try MeasurementReplay.values(ofLogAt: log) == values, "\(comment)")
    }

    /// By tpm2-tools, on a TPM of their own.
    private static let fence = Result {
        let tpm = try SoftwareTPM()
        try tpm.write(Array("sealroot:fence".utf8), to: "event")
        try tpm.succeed("tpm2_pcrevent", "12", "event")
        return try tpm.values(of: [12])
    }
    private static func fenced() throws -> [String: String] { try fence.get() }

    @Test(arguments: Ending.allCases) func theProgramFencesWhateverItEndsWith(_ ending: Ending) throws {
        let machine = try enrolled()
        try ending.prepare(machine)
        let log = machine.tpm.path("measure.log")
        let result = try Command.run(
            BootSandbox.isolated + [Machine.guestProgram, "unlock", "--measurement-log", log, "--json"]
                + arguments(machine))
        #expect(result.status == ending.code, "\(result.errorText)")
        #expect(result.text.contains(#"{"name":"fence","result":"ok""#), "\(result.text)")
        try expectFenced(machine, log, ending.rawValue)
    }

    /// Step 4 refuses, with a boot and a log of its own.
    @Test func theProgramFencesAfterARefusedBoot() throws {
        var boot = try RecordedBoot()
        boot.programs[1].sha256 = String(repeating: "5a", count: 32)
        let machine = try Machine(booted: boot)
        try machine.enroll()
        let log = machine.tpm.path("measure.log")
        let result = try Command.run(
            BootSandbox.isolated + [Machine.guestProgram, "unlock", "--measurement-log", log] + arguments(machine)
                + ["--eventlog", machine.tpm.path("eventlog.bin"), "--reference", machine.tpm.path("reference.json")])
        #expect(result.status == 77)
        #expect(result.errorText.contains("grub is refused"), "\(result.errorText)")
        try expectFenced(machine, log, "boot check")
    }

    /// With `--no-activate` the program leaves the fence to the script, so it is the script that is seen here.
    @Test(arguments: Ending.allCases.filter { $0 != .activation })
    func theScriptFencesAndEndsTheBoot(_ ending: Ending) throws {
        let machine = try enrolled()
        try ending.prepare(machine)
        let sandbox = try BootSandbox(
            unlock: arguments(machine) + ["--no-activate"], fence: arguments(machine))
        let result = try sandbox.boot()
        #expect(sandbox.ended == ending.end, "\(result.errorText)")
        #expect(result.text.contains("(code \(ending.code))"), "\(result.text)")
        #expect(!sandbox.isHandedOver)
        try expectFenced(machine, sandbox.log, ending.rawValue)
    }

    @Test func theScriptFencesBeforeTheBootGoesOn() throws {
        let machine = try enrolled()
        let sandbox = try BootSandbox(
            unlock: arguments(machine) + ["--no-activate"], fence: arguments(machine))
        let result = try sandbox.boot()
        #expect(result.status == 0, "\(result.text) \(result.errorText)")
        #expect(sandbox.ended == nil)
        #expect(sandbox.isHandedOver)
        try expectFenced(machine, sandbox.log, "success")
        let again = try machine.unlock()
        #expect(again.status == 77)
        #expect(again.errorText.contains("PCR 12"))
    }

    /// A TPM that cannot be fenced ends the boot, although the volume was opened.
    @Test func aFenceThatFailsEndsTheBoot() throws {
        let machine = try enrolled()
        let sandbox = try BootSandbox(
            unlock: arguments(machine) + ["--no-activate"],
            fence: ["--config", machine.configurationPath, "--tcti", "device:/dev/no-such-tpm"])
        let result = try sandbox.boot()
        #expect(sandbox.ended == "poweroff")
        #expect(result.text.contains("the TPM could not be fenced"), "\(result.text)")
        #expect(!sandbox.isHandedOver)
    }
}
