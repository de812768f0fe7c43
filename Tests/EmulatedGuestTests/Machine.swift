import Foundation
import TestSupport

/// The inside of a virtual machine, as far as `snp-emulator-guest` knows it: namespaces of a script's own.
struct Machine {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.shell("mkdir config")
    }

    /// Runs a shell script in a namespace whose processes and mounts end with it. `$agent` is the program with its places;
    /// `$client` the C client on its device.
    func run(_ script: String, on host: MachineHost, level: UInt8 = 2) throws -> CommandResult {
        try scratch.write(host.secretsPage, to: "secrets")
        try scratch.write([level], to: "level")
        let words = [
            Scratch.product("snp-emulator-guest").path, "start", "--timeout", "1",
            "--processor-port", host.processorPort.path, "--service-port", host.servicePort.path,
            "--secrets-page", scratch.file("secrets"), "--level", scratch.file("level"),
            "--device", scratch.file("sev-guest"), "--configuration", scratch.file("config"),
        ]
        return try Command.run(
            ["timeout", "-k", "5", "100", "unshare", "-Urmpf", "--mount-proc", "--kill-child", "sh", "-uc", script],
            environment: [
                "agent": words.joined(separator: " "), "LC_ALL": "C", "reports": scratch.file("config/tsm/report"),
                "client": StandInGuest.client, "device": "device=" + scratch.file("sev-guest"),
            ], folder: scratch.path)
    }

    func output(_ script: String, on host: MachineHost, level: UInt8 = 2) throws -> String {
        let result = try run("set -e; " + script, on: host, level: level)
        guard result.status == 0 else {
            throw CommandFailure(description: "\(script)\nended with \(result.status): \(result.errorText)")
        }
        return result.text
    }

    func calls(_ script: String, on host: MachineHost, level: UInt8 = 2) throws -> [ClientCall] {
        try run("$agent || exit; " + script, on: host, level: level).text.split(separator: "\n")
            .map { ClientCall(String($0)) }
    }
}
