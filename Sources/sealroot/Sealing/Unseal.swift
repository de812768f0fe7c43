internal import ArgumentParser
internal import Configuration
internal import InitramfsRuntime
internal import JSON
internal import Unlock

/// `sealroot unseal`.
struct Unseal: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try whether the TPM gives the key out now.",
        discussion: """
            Does what the boot does, but for the check of the boot, the mapping and the fence; the secret is wiped and \
            never printed. In a system that was unlocked by sealroot-init the answer is no (77): the fence is closed. \
            'sealroot status' tells about the next boot.
            """)

    @OptionGroup var device: DeviceArgument
    @OptionGroup var tpm: TPMOptions

    @Flag(help: "Must be given: there is no other way to run this command.")
    var dryRun = false

    @Flag(help: "Print the report as JSON, as 'sealroot-init unlock' does.")
    var json = false

    func validate() throws {
        guard dryRun else { throw ValidationError("only --dry-run is there: the secret is never printed") }
    }

    func run() throws {
        var report: UnlockReport?
        try reporting(json: json) { () throws(CommandFailure) in
            let found = try device.configuration()
            let path = try device.path(found)
            var options = UnlockOptions()
            options.configuration = (found ?? GuestConfiguration(device: path)).withoutBootCheck()
            options.device = path
            options.tcti = tpm.name
            options.isActivating = false
            report = Unlock.run(options)
        }
        guard let report else { return }
        if json { Console.print(report.json.compact) }
        if let failure = report.failure {
            Console.report("sealroot: " + failure.area + ": " + report.exitCode.reason + ": " + failure.description)
            throw ArgumentParser.ExitCode(report.exitCode.rawValue)
        }
        if !json { Console.print("the TPM gives out the key of " + (device.device ?? "the volume")) }
    }
}
