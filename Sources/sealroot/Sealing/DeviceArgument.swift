internal import ArgumentParser
internal import Configuration
internal import InitramfsRuntime

/// The volume of a command that the administrator of a running machine gives without saying which.
struct DeviceArgument: ParsableArguments {
    @Argument(help: "A LUKS2 block device or image file (default: the device of init.conf).")
    var device: String?

    @Option(
        help: ArgumentHelp("The guest's configuration (default: \(Self.defaultConfiguration)).", valueName: "file"),
        completion: .file())
    var config = Self.defaultConfiguration

    static let defaultConfiguration = VolumeTable.configuration

    /// The configuration; nil where it is not there and nobody asked for it.
    func configuration() throws(CommandFailure) -> GuestConfiguration? {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileBytes.read(config, limit: 1 << 16) } catch {
            guard error.isMissing, config == Self.defaultConfiguration else {
                throw CommandFailure(error, area: "configuration")
            }
            return nil
        }
        do throws(ConfigurationError) {
            return try GuestConfiguration(parsing: bytes, crypttab: VolumeTable.beside(config))
        } catch {
            throw CommandFailure(code: .configuration, area: "configuration", detail: config + ": " + error.description)
        }
    }

    func path(_ configuration: GuestConfiguration?) throws(CommandFailure) -> String {
        if let path = device ?? configuration?.device { return path }
        throw CommandFailure(
            code: .missing, area: "configuration", detail: config + " is not there: name the device")
    }
}
