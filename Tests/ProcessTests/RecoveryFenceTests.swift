import Foundation
import JSON
import TestSupport
import Testing

/// The unlock of a boot, which maps the volume: it closes the TPM before it asks anybody. There is no device-mapper for a
/// volume in a file, so it ends at the mapping; a VM goes on.
@Suite(.enabled(if: BootSandbox.isPossible, "user name spaces are needed"))
struct RecoveryFenceTests {
    private static let zero = String(repeating: "0", count: 64)

    /// A machine whose boot is refused, and where the program that asks first writes down PCR 12.
    private func machine() throws -> (Machine, Askpass) {
        let machine = try Machine()
        try #require(try machine.enroll().status == 0)
        try machine.extend(9, "initrd with one file added")
        try machine.configure("boot-check = off\nrecovery = prompt\n")
        let read = "TPM2TOOLS_TCTI=\(machine.tpm.tcti) tpm2_pcrread sha256:12 > \(machine.tpm.path("pcr"))"
        return (machine, try Askpass(["correct horse"], running: read))
    }

    private func boot(_ machine: Machine, _ askpass: Askpass, _ arguments: String...) throws -> CommandResult {
        try Command.run(
            BootSandbox.isolated + [Machine.guestProgram, "unlock", "--config", machine.configurationPath, "--json"]
                + ["--askpass", askpass.path, "--measurement-log", machine.tpm.path("measure.log")] + arguments)
    }

    @Test func theTPMIsClosedBeforeAnybodyIsAsked() throws {
        let (machine, askpass) = try machine()
        let result = try boot(machine, askpass)
        #expect(try askpass.prompts().count == 1, "\(result.errorText)")
        let pcr = String(decoding: try machine.tpm.read("pcr"), as: UTF8.self)
        #expect(pcr.contains("12: 0x") && !pcr.contains(Self.zero))
        let steps = try JSONValue(parsing: result.output)["steps"]?.array?.compactMap { $0["name"]?.string }
        #expect(steps?.suffix(3) == ["fence", "recover", "open"])
        // It is the mapping that failed, and the report says so.
        #expect(result.status != 0 && result.status != 77)
    }

    @Test func nobodyIsAskedWhereItCannotBeClosed() throws {
        let (machine, askpass) = try machine()
        let proxy = try Interposer(before: machine.tpm) { _, command, ask in
            // TPM2_PCR_Event closes it.
            Interposer.code(command) == 0x13C ? nil : ask(command)
        }
        let result = try boot(machine, askpass, "--tcti", proxy.tcti)
        #expect(result.status == 77, "\(result.errorText)")
        #expect(try askpass.prompts().isEmpty)
    }
}
