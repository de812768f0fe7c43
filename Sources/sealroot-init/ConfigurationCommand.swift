internal import Configuration
internal import InitramfsRuntime

/// `sealroot-init configuration`: what an initramfs gets as its configuration.
enum ConfigurationCommand {
    /// Prints the machine's own, with what `/etc/crypttab` says of the volume.
    static func run() -> ExitCode {
        let path = VolumeTable.configuration
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileBytes.read(path, limit: 1 << 16) } catch {
            Console.report("sealroot: configuration: " + error.description)
            return error.isMissing ? .missing : .inputOutput
        }
        do throws(ConfigurationError) {
            let text = try GuestConfiguration.completing(bytes, crypttab: VolumeTable.beside(path))
            // The line break that ends the text is the one that this adds.
            Console.print(String(decoding: text.dropLast(), as: UTF8.self))
            return .done
        } catch {
            Console.report("sealroot: configuration: " + path + ": " + error.description)
            return .configuration
        }
    }
}
