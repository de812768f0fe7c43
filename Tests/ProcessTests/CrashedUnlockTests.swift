import Foundation
import Glibc
import TestSupport
import Testing

/// A program that dies at any of its TPM commands leaves no boot behind that can unseal again.
@Suite(.enabled(if: BootSandbox.isPossible, "user name spaces are needed"))
struct CrashedUnlockTests {
    /// The boot script with a program that is killed at command `moment`, before the TPM gets it or after it has
    /// answered; -1 for none.
    private func boot(_ machine: Machine, killingAt moment: Int, isExecuted: Bool) throws -> (BootSandbox, Interposer) {
        let victim = Victim()
        let host = try Interposer(before: machine.tpm) { number, command, ask in
            guard number == moment else { return ask(command) }
            if isExecuted { _ = ask(command) }
            victim.kill()
            return nil
        }
        let sandbox = try BootSandbox(
            unlock: ["--config", machine.configurationPath, "--tcti", host.tcti],
            fence: ["--config", machine.configurationPath, "--tcti", machine.tpm.tcti])
        victim.sandbox = sandbox
        _ = try sandbox.boot()
        return (sandbox, host)
    }

    @Test func theScriptFencesAfterACrashAtAnyTPMCommand() throws {
        let machine = try Machine()
        #expect(try machine.enroll().status == 0)
        // Without device-mapper the volume is not mapped, but all commands are sent, the fence among them.
        let (_, whole) = try boot(machine, killingAt: -1, isExecuted: true)
        let commands = whole.exchanges.map { Interposer.code($0.command) }
        #expect(commands.contains(0x15E) && commands.contains(0x13C), "TPM2_Unseal and TPM2_PCR_Event")
        for moment in commands.indices {
            for isExecuted in [false, true] {
                let place = "command \(moment), \(isExecuted ? "executed" : "not executed")"
                try machine.reboot()
                let (sandbox, host) = try boot(machine, killingAt: moment, isExecuted: isExecuted)
                #expect(host.count == moment + 1, "\(place): it was killed there")
                #expect(sandbox.ended == "poweroff", "\(place)")
                #expect(!sandbox.isHandedOver, "\(place)")
                let again = try machine.unlock()
                #expect(again.status == 77, "\(place): \(again.errorText)")
                #expect(again.errorText.contains("PCR 12"), "\(place): \(again.errorText)")
                try expectHonestLog(machine, sandbox, place)
            }
        }
    }

    /// Either the log tells all, or its mark tells that it does not.
    private func expectHonestLog(_ machine: Machine, _ sandbox: BootSandbox, _ place: String) throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: sandbox.log)
        let isWhole = attributes[.posixPermissions] as? Int == 0o600
        let replayed = try MeasurementReplay.values(ofLogAt: sandbox.log)
        let values = try machine.tpm.values(of: [12, 15])
        if isWhole { #expect(replayed == values, "\(place)") } else { #expect(replayed.isEmpty, "\(place)") }
    }
}

/// The program in the sandbox, once there is one.
private final class Victim: @unchecked Sendable {
    var sandbox: BootSandbox?

    func kill() {
        guard let process = sandbox?.unlockProcess else { return }
        Glibc.kill(process, SIGKILL)
    }
}
