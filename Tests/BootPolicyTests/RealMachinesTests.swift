import BootPolicy
import BoundedBytes
import Cryptography
import EventLog
import Foundation
import JSON
import TestSupport
import Testing

/// Logs of other people's machines, each with a reference of the very programs that it started: what is refused then is
/// true of that machine, and what is accepted shows that the rules fit firmware and loaders that we did not make.
@Suite(.enabled(if: SharedData.isPresent)) struct RealMachinesTests {
    private static let roles: [Reference.Role] = [.shim, .grub, .kernel]

    private func verdict(_ name: String, isAllowingDrivers: Bool = false) throws -> BootVerdict {
        let log = try EventLog(parsing: SharedData.bytes("eventlog/\(name).bin"))
        let expected = try JSONValue(parsing: SharedData.bytes("eventlog/\(name).expected.json"))
        let bank = try #require(log.banks.first { $0.algorithm == .sha256 })
        var programs: [Reference.Program] = []
        var drivers: [Reference.Driver] = []
        for event in log.events {
            let digest = Array(log.digest(of: event, in: bank) ?? [])
            switch (event.pcr, event.type) {
            case (4, .bootServicesApplication) where programs.last?.digest != digest:
                let role = Self.roles[min(programs.count, Self.roles.count - 1)]
                programs.append(Reference.Program(role: role, digest: digest, file: "program"))
            case (2, .bootServicesDriver), (4, .bootServicesDriver):
                drivers.append(Reference.Driver(digest: digest, file: "driver"))
            default: continue
            }
        }
        let pcrs = try (0..<16).map { index in
            let values = expected["replayed_pcrs_by_collector"]?["sha256"]
            let text = values?[String(index)]?.string
            let value = try text.map { try #require(Hexadecimal.decode($0)) }
            return FoundPCR(index: index, value: value ?? [UInt8](repeating: 0, count: 32))
        }
        let reference = Reference(programs: programs, drivers: isAllowingDrivers ? drivers : [])
        let arguments = ArgumentRules(allowed: ["boot=local", "init=/usr/lib/systemd/systemd"])
        return try BootCheck(log: log, reference: reference, arguments: arguments).verdict(pcrs: pcrs, later: [])
    }

    @Test(arguments: ["cos-101-amd-sev", "cos-85-amd-sev", "eventlogwithsp800155"])
    func aShieldedVMOfGoogleIsAccepted(_ name: String) throws {
        let verdict = try verdict(name)
        #expect(verdict.isAccepted, "\(verdict.components.map(\.line))")
    }

    /// CentOS 9 in QEMU with the option ROM of a network card.
    @Test func anOptionROMIsTheOnlyThingThatKeylimesMachineLacks() throws {
        let refused = try verdict("keylime-mb-log").components.filter { $0.refusal != nil }
        #expect(refused.map(\.component.name) == ["drivers"])
        #expect(try verdict("keylime-mb-log", isAllowingDrivers: true).isAccepted)
    }

    /// Debian's kernel of 2021 by shim 15, whose lists are measured behind the separator.
    @Test func debian11IsAccepted() throws {
        let verdict = try verdict("ibmtss-deb1")
        #expect(verdict.isAccepted, "\(verdict.components.map(\.line))")
    }

    @Test(arguments: [
        "ubuntu-2404-amd-sevsnp", "ubuntu-2104-no-dbx", "goatt-coreos_36_shielded_vm_no_secure_boot",
        "tpm2tools-sd-boot-fedora37", "goatt-crypto_agile",
    ])
    func machinesWithoutSecureBootAreRefusedForThat(_ name: String) throws {
        #expect(try verdict(name).firstRefused?.refusal == .secureBootOff)
    }

    /// They boot Windows: its events in PCR 11 are nothing that a boot of ours has.
    @Test(arguments: ["ibmtss-dell1", "ibmtss-hp1", "immune-windows-dell-wbcl"])
    func anotherSystemIsNoBootOfOurs(_ name: String) throws {
        guard case .unexpectedEvent(_, .compactHash, pcr: 11) = try verdict(name).firstRefused?.refusal else {
            Issue.record("\(try verdict(name).components.map(\.line))")
            return
        }
    }
}
