import Foundation
import VirtualMachine

/// One boot, with the time of each thing that its console shows.
final class Session {
    /// What is asked of the machine once it is up.
    struct Answers {
        /// `/run/sealroot/status.json`.
        let status: String
        /// `/etc/sealroot/attestation.json`.
        let policy: String
        let pcrs: String
    }

    private let machine: VirtualMachine
    private let start = Date()

    init(_ machine: VirtualMachine) { self.machine = machine }

    /// What appears on the console one after the other.
    private static let milestones = [
        ("Welcome to GRUB", "OVMF and shim have started GRUB"), ("Loading Linux", "GRUB loads the kernel"),
        ("sealroot: boot: log", "sealroot-init has checked what booted"),
        ("sealroot: volume: unlocked", "the root is open, and the TPM fenced"), (DemoDisk.shell, "login prompt"),
    ]

    /// Waits for the login prompt.
    func follow() throws(VirtualMachineError) {
        tell("launched")
        for (text, meaning) in Self.milestones {
            let seen = try machine.wait(forAny: [text, DemoDisk.refusal, DemoDisk.prompt])
            guard seen == text else { throw .start("the boot was not unattended:\n" + machine.transcript) }
            tell(meaning)
        }
    }

    private func tell(_ meaning: String) {
        print(String(format: "%6.1f s  %@", Date().timeIntervalSince(start), meaning))
    }

    /// Waits until the unit of the first boot has exchanged the key that the maker of the image knows; the kernel keeps it
    /// for that unit alone.
    func awaitExchange() throws(VirtualMachineError) {
        let answer = try machine.run("systemctl start sealroot-first-boot; grep -c sealroot: /proc/keys", seconds: 600)
        guard answer.output.hasPrefix("0\n") else {
            throw .start("the first boot did not exchange the key:\n" + answer.output)
        }
        tell("the key is exchanged, and gone from the kernel")
    }

    func ask() throws(VirtualMachineError) -> Answers {
        try Answers(
            status: machine.run("cat /run/sealroot/status.json").output,
            policy: machine.run("cat /etc/sealroot/attestation.json").output,
            pcrs: machine.run("tpm2_pcrread sha256:4,7,8,9,12,14").output)
    }

    func end() throws(VirtualMachineError) {
        try machine.powerOff()
        print(String(format: "\n%.0f s in total, the shutdown included", Date().timeIntervalSince(start)))
    }
}
