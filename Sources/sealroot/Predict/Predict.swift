internal import ArgumentParser
internal import EventLog
internal import InitramfsRuntime
internal import InstalledSystem
internal import JSON
internal import Prediction

/// `sealroot predict`.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what the next boot will measure, event by event, and the PCR values that follow.",
        discussion: """
            The boot files come from a folder or a raw disk image; what the firmware does comes from the last log. \
            An image that never booted has none: then a template is used, the log of a named firmware. Each event \
            has its reason.

            Predicted are PCR 4, 7, 8, 9, 11, 12 and 14. What cannot be known beforehand is never guessed: the \
            event and why are on standard error, and the exit status is 77.

            With --json, standard output is one object: complete, source, firmware, entry, pcrs (by bank), events \
            (pcr, type, digests, reason, text) and gaps (pcrs, event, reason).
            """)

    @OptionGroup var system: SystemOptions

    @Option(
        help: ArgumentHelp("The log of the last boot (default: the kernel's, for the root '/').", valueName: "file"),
        completion: .file())
    var eventlog: String?

    @Option(
        help: ArgumentHelp(
            "The firmware whose log stands in for a missing one, by name or file (default: \(Self.defaultTemplate)).",
            valueName: "name|file"), completion: .file())
    var template: String?

    @Option(help: ArgumentHelp("Predict the boot of this kernel and not of the default.", valueName: "version"))
    var kernel: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    static let defaultTemplate = "ovmf-debian12-secureboot"

    func validate() throws {
        guard eventlog == nil || template == nil else {
            throw ValidationError("--eventlog and --template exclude each other")
        }
    }

    func run() throws {
        var isComplete = true
        try reporting(json: json) { () throws(CommandFailure) in
            let source = try source()
            do throws(PredictionError) {
                let installed = try open(after: source.history)
                let prediction = try Prediction.make(of: installed, after: source.history, kernel: kernel)
                let report = try PredictionReport(prediction, source)
                report.print(json: json)
                isComplete = prediction.isComplete
            } catch { throw CommandFailure(error) }
        }
        guard isComplete else { throw ArgumentParser.ExitCode(InitramfsRuntime.ExitCode.bootRefused.rawValue) }
    }

    /// The running system: its log and its firmware's variables are at hand.
    private var isRunningSystem: Bool { system.image == nil && (system.root ?? "/") == "/" }

    /// The log that was asked for, else the kernel's, else a template.
    private func source() throws(CommandFailure) -> PredictionSource {
        if let eventlog { return try log(eventlog) }
        if isRunningSystem, template == nil {
            do throws(CommandFailure) { return try log(EventLog.kernelFile) } catch {
                // No log at all: then it is as before a first boot.
                guard error.code == .missing else { throw error }
            }
        }
        do throws(PredictionError) {
            let found = try Template.read(template ?? Self.defaultTemplate)
            return PredictionSource(
                history: BootHistory(log: found.log, template: found.name), name: "template " + found.name,
                firmware: found.firmware)
        } catch { throw CommandFailure(error) }
    }

    private func log(_ path: String) throws(CommandFailure) -> PredictionSource {
        let log = try EventLog.read(path)
        do throws(InstalledSystemError) {
            let variables = isRunningSystem ? try FirmwareVariables.read() : nil
            return PredictionSource(history: BootHistory(log: log, variables: variables), name: path, firmware: nil)
        } catch { throw CommandFailure(.system(error)) }
    }

    private func open(after history: BootHistory) throws(PredictionError) -> InstalledSystem {
        do throws(InstalledSystemError) {
            let devices = history.grubDevices
            if let image = system.image { return try InstalledSystem.open(image: image, devices: devices) }
            let esp = isRunningSystem ? history.systemPartition.map { "/dev/disk/by-partuuid/\($0)" } : nil
            return try InstalledSystem.open(root: system.root ?? "/", devices: devices, espDevice: esp)
        } catch { throw .system(error) }
    }
}

/// The log that a prediction goes on from.
struct PredictionSource {
    let history: BootHistory
    /// A path, or the template's name.
    let name: String
    /// A template's firmware in words.
    let firmware: String?
}

extension CommandFailure {
    fileprivate init(_ error: PredictionError) {
        self.init(code: error.exitCode, area: "predict", detail: error.description)
    }
}
