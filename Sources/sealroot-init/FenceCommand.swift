internal import Configuration
internal import InitramfsRuntime
internal import MeasurementLog
internal import TPM
internal import Unlock

/// `sealroot-init fence`.
enum FenceCommand {
    struct Options {
        var configurationPath = UnlockOptions.defaultConfigurationPath
        var tcti: String?
        var measurementLogPath = MeasurementLog.defaultPath
    }

    static func options(_ arguments: inout ArgumentList) throws(UsageError) -> Options {
        var options = Options()
        options.tcti = try arguments.option("tcti")
        if let path = try arguments.option("config") { options.configurationPath = path }
        if let path = try arguments.option("measurement-log") { options.measurementLogPath = path }
        try arguments.finish()
        return options
    }

    static func run(_ options: Options) -> ExitCode {
        let (tcti, index) = target(options)
        do throws(FenceError) {
            let tpm = try rethrow(as: FenceError.tpm) { () throws(TPMError) in try TPM.connect(tcti: tcti) }
            try Fence.extend(index, of: tpm, log: options.measurementLogPath)
            return .done
        } catch {
            Console.report("sealroot: fence: " + error.description)
            return .unavailable
        }
    }

    /// A configuration that cannot be read must not keep the fence open: the defaults are as good.
    private static func target(_ options: Options) -> (tcti: String, index: Int) {
        let bytes = (try? FileBytes.read(options.configurationPath, limit: 1 << 16)) ?? []
        let table = VolumeTable.beside(options.configurationPath)
        let configuration = try? GuestConfiguration(parsing: bytes, crypttab: table)
        return (
            options.tcti ?? configuration?.tcti ?? GuestConfiguration.defaultTCTI,
            configuration?.fencePCR ?? GuestConfiguration.defaultFencePCR
        )
    }
}
