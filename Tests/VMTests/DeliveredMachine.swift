import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

/// A confidential machine of the emulator that was delivered to a folder of its own.
struct DeliveredMachine {
    let scratch: Scratch
    private let disk: ConfidentialDisk

    init(_ disk: ConfidentialDisk) throws {
        self.disk = disk
        scratch = try Scratch()
        try disk.deliver(to: scratch.file("state"))
    }

    /// Switches it on, and waits for the login prompt. It has attested its TPM, and nobody types a passphrase.
    func attested() throws -> VirtualMachine {
        let machine = try boot()
        let end = try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal])
        try #require(end == DemoDisk.shell, "\(machine.transcript.suffix(3000))")
        let status = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)
        #expect(status["attestation"]?["provider"]?.string == "svsm")
        #expect(status["attestation"]?["verdict"]?.string == "accepted")
        return machine
    }

    /// The same machine, whose guest's kernel is given no key: it has no provider, and no volume key for it.
    func refusesWithoutItsKey() throws {
        let machine = try boot("--attack", "withhold-vmpck")
        #expect(try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal]) == DemoDisk.refusal)
        try machine.wait(for: "(code 76)")
    }

    private func boot(_ options: String...) throws -> VirtualMachine {
        try disk.boot(
            emulator: Scratch.product("snp-emulator").path, state: scratch.file("state"), options: options)
    }
}
