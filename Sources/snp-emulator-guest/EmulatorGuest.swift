internal import CLinux
internal import GuestAgent
internal import InitramfsRuntime

/// The emulator's part inside a virtual machine: three moves, and only `main` exits.
@main
struct EmulatorGuest {
    private static let usage = """
        usage: snp-emulator-guest start [--foreground] [--timeout SECONDS]
                   [--processor-port PATH] [--service-port PATH]
                   [--secrets-page FILE] [--level FILE] [--device PATH]
                   [--configuration FOLDER]
               snp-emulator-guest --help | --version

        start serves the devices of an SEV-SNP guest in a machine of the emulator.
        The manual page snp-emulator-guest(8) has all of it.
        """

    static func main() {
        // It holds the guest's key to the AMD-SP.
        shim_forbid_core_files()
        _ = shim_set_not_dumpable()
        do throws(FileError) {
            exit(run(ArgumentList(try programArguments())))
        } catch {
            Console.report("snp-emulator-guest: arguments: " + error.description)
            exit(ExitCode.internalFault.rawValue)
        }
    }

    private static func run(_ arguments: ArgumentList) -> Int32 {
        var arguments = arguments
        do throws(UsageError) {
            switch arguments.command() {
            case "start": return StartCommand.run(try StartCommand.options(&arguments))
            case let other?: throw UsageError("unknown command '" + other + "'")
            case nil:
                if arguments.flag("help") {
                    Console.print(usage)
                    return ExitCode.done.rawValue
                }
                if arguments.flag("version") {
                    Console.print("snp-emulator-guest " + Release.version)
                    return ExitCode.done.rawValue
                }
                throw UsageError("a command is needed")
            }
        } catch {
            Console.report("snp-emulator-guest: " + error.description)
            Console.report(usage)
            return ExitCode.usage.rawValue
        }
    }
}
