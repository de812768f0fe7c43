internal import Attesting
internal import BootPolicy
internal import InitramfsRuntime
internal import JSON
internal import Unlock

/// `sealroot-init unlock`.
enum UnlockCommand {
    private static let stateFolder = "/run/sealroot"

    struct Options {
        var unlock = UnlockOptions()
        var isJSON = false
    }

    static func options(_ arguments: inout ArgumentList) throws(UsageError) -> Options {
        var options = Options()
        options.isJSON = arguments.flag("json")
        options.unlock.isActivating = !arguments.flag("no-activate")
        options.unlock.isRecoveringWithoutActivating = arguments.flag("recover")
        if let path = try arguments.option("askpass") { options.unlock.askpass = path }
        options.unlock.device = try arguments.option("device")
        options.unlock.tcti = try arguments.option("tcti")
        try options.unlock.bootFiles.take(from: &arguments)
        if let path = try arguments.option("certs") { options.unlock.attestationPlaces.certificates = path }
        if let path = try arguments.option("config") { options.unlock.configurationPath = path }
        if let path = try arguments.option("measurement-log") { options.unlock.measurementLogPath = path }
        try arguments.finish()
        return options
    }

    static func run(_ options: Options) -> ExitCode {
        let report = Unlock.run(options.unlock)
        // What a recovery has overcome was told when it began.
        if let failure = report.failure, report.result != .recovered {
            Console.report("sealroot: " + failure.area + ": " + report.result.rawValue + ": " + failure.description)
        } else {
            Console.report("sealroot: " + summary(of: report))
        }
        if options.isJSON { Console.print(report.json.compact) }
        // A check in the running system must not overwrite what the boot said.
        if options.unlock.isActivating {
            record(report)
            keepReference(options.unlock.bootFiles.reference)
        }
        return report.exitCode
    }

    private static func summary(of report: UnlockReport) -> String {
        let total = report.steps.reduce(0) { $0 + $1.milliseconds }
        let effort = String(total) + " ms, " + String(report.tpmCommands) + " TPM commands"
        return switch report.result {
        case .unlocked: "volume: unlocked as " + (report.mapping ?? "") + ": " + effort
        case .verified: "volume: verified, not mapped: " + effort
        case .recovered: "volume: recovered" + (report.mapping.map { " as " + $0 } ?? ", not mapped") + ": " + effort
        case .unenrolled: "volume: not enrolled: a passphrase is needed"
        case .refused, .failed: "volume: " + report.result.rawValue
        }
    }

    /// For `sealroot-init check` in the running system. It serves for nothing else, so a failure is no matter of the boot.
    private static func keepReference(_ path: String) {
        guard let bytes = try? FileBytes.read(path, limit: Reference.longest) else { return }
        do throws(FileError) { try FileBytes.replace(BootFiles.keptReference, with: bytes, mode: 0o644) } catch {
            Console.report("sealroot: status: " + error.description)
        }
    }

    /// The volume is open or refused already: a status that cannot be written changes neither.
    private static func record(_ report: UnlockReport) {
        do throws(FileError) {
            try FileBytes.makeDirectory(stateFolder, mode: 0o755)
            let text = report.json.pretty + "\n"
            try FileBytes.replace(stateFolder + "/status.json", with: Array(text.utf8), mode: 0o644)
        } catch { Console.report("sealroot: status: " + error.description) }
    }
}
