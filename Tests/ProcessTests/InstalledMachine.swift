import Foundation
import JSON
import TestSupport
import Testing

/// A machine of processes whose boots measure what its installed files are predicted to: what a prediction is worth is
/// shown in VMs, and here, what becomes of it.
final class InstalledMachine {
    let machine: Machine
    let tree: InstalledTree
    /// What the last boot measured, as tpm2_pcrextend takes it.
    var lastBoot: [String] { machine.boot }

    /// - Parameter configuration: further lines of `init.conf`.
    init(configuration: String = "") throws {
        machine = try Machine(extraLines: configuration)
        tree = try InstalledTree()
        machine.tree = tree
        try boot()
    }

    var tpm: SoftwareTPM { machine.tpm }
    var system: [String] { machine.system }

    /// Restarts the TPM and measures the boot of the files as they are now.
    ///
    /// - Parameter kernel: that is chosen in the menu; nil for the default entry.
    func boot(kernel: String? = nil) throws {
        let choice = kernel.map { ["--kernel", $0] } ?? []
        let result = try machine.sealroot(["predict", "--json"] + choice + system)
        let events = try #require(try JSONValue(parsing: result.output)["events"]?.array)
        let digests = try events.map { event in
            let pcr = try #require(event["pcr"]?.integer)
            let banks = try #require(event["digests"]?.members)
            return "\(pcr):"
                + banks.compactMap { bank in bank.value.string.map { bank.name + "=" + $0 } }
                .joined(separator: ",")
        }
        try boot(as: digests)
    }

    /// Restarts the TPM and measures what an earlier boot did, whatever became of the files.
    func boot(as digests: [String]) throws {
        machine.boot = digests
        try machine.reboot()
    }

    /// As an update of the boot loader's configuration does.
    func changeConfiguration(_ text: String) throws { try tree.scratch.shell("echo '\(text)' >> boot/grub/grub.cfg") }

    private var common: [String] { ["--config", machine.configurationPath, "--tcti", tpm.tcti] + system }

    @discardableResult
    func reseal(_ arguments: String...) throws -> CommandResult { try reseal(arguments) }

    func reseal(_ arguments: [String]) throws -> CommandResult {
        try machine.sealroot(["reseal", "--state", tpm.path("keys")] + common + arguments)
    }

    func status() throws -> (result: CommandResult, report: JSONValue) {
        let result = try machine.sealroot(["status", "--json"] + common)
        return (result, try JSONValue(parsing: result.output))
    }

    /// As people get it.
    func plainStatus() throws -> CommandResult { try machine.sealroot(["status"] + common) }

    func policyDigest(_ arguments: [String]) throws -> CommandResult {
        try machine.sealroot(["policy", "digest"] + common + arguments)
    }

    func policyAdd(_ arguments: String...) throws -> CommandResult {
        try machine.sealroot(
            ["policy", "add", "--config", machine.configurationPath] + machine.places + arguments)
    }

    /// The token as it is on the disk.
    func token() throws -> String {
        try machine.volume.cryptsetup("token", ["export", "--token-id", "0", machine.volume.path])
    }

    /// What a host does that kept an old copy.
    func restore(_ token: String) throws {
        try machine.volume.cryptsetup("token", ["remove", "--token-id", "0", machine.volume.path])
        _ = try machine.volume.importToken(token)
    }

    func digestOfVolume() throws -> String { try Command.run(["sha256sum", machine.volume.path]).text }
}

extension Machine {
    /// What the tool is told of the installed system.
    var system: [String] {
        let log = Fixtures.folder.appending(path: "demo-boot/eventlog.bin").path()
        return tree.map { ["--root", $0.path, "--eventlog", log] } ?? []
    }
}

/// Tokens as a host writes them.
enum ForgedToken {
    /// The token with its policies changed.
    static func changed(_ token: String, policy change: (inout [String: Any]) -> Void) throws -> String {
        guard var root = try JSONSerialization.jsonObject(with: Data(token.utf8)) as? [String: Any],
            var tpm = root["tpm2"] as? [String: Any], var policies = tpm["policies"] as? [[String: Any]]
        else { throw CocoaError(.coderReadCorrupt) }
        for index in policies.indices { change(&policies[index]) }
        tpm["policies"] = policies
        root["tpm2"] = tpm
        return String(decoding: try JSONSerialization.data(withJSONObject: root), as: UTF8.self)
    }
}
