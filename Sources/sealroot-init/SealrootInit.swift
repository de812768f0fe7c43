internal import CLinux
internal import InitramfsRuntime
internal import LUKSHeader

/// The program of the initramfs: three moves, and only `main` exits.
@main
struct SealrootInit {
    private static let usage = """
        usage: sealroot-init unlock [--config FILE] [--no-activate] [--device PATH]
                   [--tcti CONF] [--eventlog FILE] [--reference FILE]
                   [--askpass FILE] [--recover] [--measurement-log FILE]
                   [--certs DIR] [--json]
               sealroot-init check [--eventlog FILE] [--reference FILE]
                   [--config FILE] [--tcti CONF] [--json]
               sealroot-init fence [--config FILE] [--tcti CONF]
                   [--measurement-log FILE]
               sealroot-init configuration
               sealroot-init --help | --version

        unlock opens the root disk with the TPM, check says whether this boot is one
        that its reference allows, fence closes the TPM until the next boot.
        The manual page sealroot-init(8) has all of it.
        """

    static func main() {
        protectProcess()
        if let warning = HeaderCheck.warning { Console.report(warning) }
        do throws(FileError) {
            exit(run(ArgumentList(try programArguments())).rawValue)
        } catch {
            Console.report("sealroot: arguments: " + error.description)
            exit(ExitCode.internalFault.rawValue)
        }
    }

    /// No core file, no debugger, no reading of this process's memory by others: it holds the keys.
    private static func protectProcess() {
        shim_forbid_core_files()
        _ = shim_set_not_dumpable()
    }

    private static func run(_ arguments: ArgumentList) -> ExitCode {
        var arguments = arguments
        do throws(UsageError) {
            switch arguments.command() {
            case "unlock": return UnlockCommand.run(try UnlockCommand.options(&arguments))
            case "check": return CheckCommand.run(try CheckCommand.options(&arguments))
            case "fence": return FenceCommand.run(try FenceCommand.options(&arguments))
            case "configuration":
                try arguments.finish()
                return ConfigurationCommand.run()
            case let other?: throw UsageError("unknown command '" + other + "'")
            case nil:
                if arguments.flag("help") {
                    Console.print(usage)
                    return .done
                }
                if arguments.flag("version") {
                    Console.print("sealroot-init " + Release.version)
                    return .done
                }
                throw UsageError("a command is needed")
            }
        } catch {
            Console.report("sealroot-init: " + error.description)
            Console.report(usage)
            return .usage
        }
    }
}
