import BootPolicy
import Cryptography
import EventLog
import Testing

@Suite struct CommandLineTests {
    /// The demo boot with another command line, which GRUB has measured.
    private func boot(_ commandLine: String) throws -> DemoBoot {
        var boot = try DemoBoot()
        let index = try boot.index(pcr: 8, .ipl, "kernel_cmdline: ")
        boot.records[index].data = Array("kernel_cmdline: \(commandLine)\0".utf8)
        boot.records[index].digest = try DigestAlgorithm.sha256.hash(Array(commandLine.utf8))
        return boot
    }

    /// Each gives a shell or another first program; the document that says so stands beside the rule's list.
    @Test(arguments: [
        "break", "break=", "break=premount", "init=/bin/sh", "rdinit=/bin/sh", "boot=nfs", "cryptopts=target=x",
        "rd.break",
        "rd.break=pre-mount", "rd.shell", "systemd.debug-shell", "systemd.debug_shell=1", "rd.systemd.debug-shell",
        "systemd.run=/bin/sh", "systemd.setenv=A=B", "systemd.wants=debug-shell.service",
        "systemd.unit=rescue.target", "systemd.unit=emergency.target", "single", "S", "s", "1", "rescue", "emergency",
        "-b", "\"init=/bin/sh\"", "init=\"/bin/sh\"", "x=\"y break=mount\"", "-- single", "a\tbreak=top",
    ])
    func anArgumentThatOpensTheBootIsRefused(_ argument: String) throws {
        let verdict = try boot("/vmlinuz root=/dev/mapper/root ro \(argument) quiet").verdict()
        #expect(verdict.firstRefused?.component == .commandLine)
        #expect(verdict.components.filter { $0.refusal != nil }.count == 1)
    }

    @Test(arguments: [
        "quiet", "boot=local", "breakfast", "initcall_debug", "systemd.unit=multi-user.target", "panic=10",
        "singleton=1",
        "init_on_alloc=1", "nobreak=1", "11", "ro",
    ])
    func anOrdinaryArgumentIsAccepted(_ argument: String) throws {
        #expect(try boot("/vmlinuz root=/dev/mapper/root ro \(argument) quiet").verdict().isAccepted)
    }

    @Test func theListsAreConfigurable() throws {
        let own = try boot("/vmlinuz init=/lib/systemd/systemd")
        #expect(try !own.verdict().isAccepted)
        #expect(try own.verdict(arguments: ArgumentRules(allowed: ["init=/lib/systemd/systemd"])).isAccepted)
        #expect(try !own.verdict(arguments: ArgumentRules(allowed: ["init=/lib/systemd/system"])).isAccepted)
        let other = try boot("/vmlinuz mitigations=off")
        #expect(try other.verdict().isAccepted)
        let refused = try other.verdict(arguments: ArgumentRules(denied: ["mitigations"])).firstRefused
        #expect(refused?.refusal == .argument("mitigations=off"))
        #expect(try other.verdict(arguments: ArgumentRules(denied: ["mitigations=auto"])).isAccepted)
    }

    @Test func aBootThatMeasuredNoCommandLineIsRefused() throws {
        var boot = try DemoBoot()
        boot.records.remove(at: try boot.index(pcr: 8, .ipl, "kernel_cmdline: "))
        #expect(try boot.verdict().firstRefused?.refusal == .noCommandLine)
    }
}
