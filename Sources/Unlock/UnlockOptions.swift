/// What the command line of `sealroot-init unlock` asks for.
public struct UnlockOptions: Sendable {
    public static let defaultConfigurationPath = "/etc/sealroot/init.conf"

    public var configurationPath = defaultConfigurationPath
    /// Takes the place of the configuration's `device`.
    public var device: String?
    /// Takes the place of the configuration's `tcti`.
    public var tcti: String?
    public var bootFiles = BootFiles()
    /// False stops before the device-mapper call.
    public var isActivating = true

    public init() {}
}
