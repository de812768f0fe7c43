public import Attesting
public import Configuration
internal import InitramfsRuntime
internal import MeasurementLog

/// What the command line of `sealroot-init unlock` asks for.
public struct UnlockOptions: Sendable {
    public static let defaultConfigurationPath = VolumeTable.configuration

    public var configurationPath = defaultConfigurationPath
    /// Takes the place of the file.
    public var configuration: GuestConfiguration?
    /// Takes the place of the configuration's `device`.
    public var device: String?
    /// Takes the place of the configuration's `tcti`.
    public var tcti: String?
    public var bootFiles = BootFiles()
    public var attestationPlaces = AttestationPlaces()
    /// The program that asks for a recovery key: it takes the prompt as its argument and prints the answer.
    public var askpass = "/lib/cryptsetup/askpass"
    /// Try the configured recovery although the volume will not be mapped.
    public var isRecoveringWithoutActivating = false
    public var measurementLogPath = MeasurementLog.defaultPath
    /// False stops before the device-mapper call.
    public var isActivating = true

    public init() {}
}
