internal import EventLog
internal import InitramfsRuntime
internal import InstalledSystem
internal import Prediction

/// The log that a prediction goes on from.
struct PredictionSource {
    let history: BootHistory
    /// A path, or the template's name.
    let name: String
    /// A template's firmware in words.
    let firmware: String?

    /// The log that was asked for, else the kernel's where `system` is the running one, else a template.
    static func read(
        _ system: SystemOptions, eventlog: String?, template: String?
    ) throws(CommandFailure) -> PredictionSource {
        if let eventlog { return try log(eventlog, system) }
        if system.isRunning, template == nil {
            do throws(CommandFailure) { return try log(EventLog.kernelFile, system) } catch {
                // No log at all: then it is as before a first boot.
                guard error.code == .missing else { throw error }
            }
        }
        do throws(PredictionError) {
            let found = try Template.read(template ?? Template.standard)
            return PredictionSource(
                history: BootHistory(found), name: "template " + found.name, firmware: found.firmware)
        } catch { throw CommandFailure(error) }
    }

    private static func log(_ path: String, _ system: SystemOptions) throws(CommandFailure) -> PredictionSource {
        let log = try EventLog.read(path)
        do throws(InstalledSystemError) {
            let variables = system.isRunning ? try FirmwareVariables.read() : nil
            return PredictionSource(history: BootHistory(log: log, variables: variables), name: path, firmware: nil)
        } catch { throw CommandFailure(PredictionError.system(error)) }
    }
}

extension SystemOptions {
    /// The running system: its log and its firmware's variables are at hand.
    var isRunning: Bool { image == nil && (root ?? "/") == "/" }

    func open(after history: BootHistory) throws(PredictionError) -> InstalledSystem {
        do throws(InstalledSystemError) {
            let devices = history.grubDevices
            if let image { return try InstalledSystem.open(image: image, devices: devices) }
            let esp = isRunning ? history.systemPartition.map { "/dev/disk/by-partuuid/\($0)" } : nil
            return try InstalledSystem.open(root: root ?? "/", devices: devices, espDevice: esp)
        } catch { throw .system(error) }
    }
}

extension CommandFailure {
    init(_ error: PredictionError) {
        self.init(code: error.exitCode, area: "predict", detail: error.description)
    }
}
