internal import ArgumentParser
internal import InitramfsRuntime
internal import JSON
internal import SNPABI
internal import SNPEmulator
internal import SecureProcessor

/// `snp-emulator init`.
struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an emulated chip, with an empty vTPM.",
        discussion: """
            The folder must not exist, or be empty. It is there as a whole in the end, or not at all. It takes some \
            seconds: three RSA keys of 4096 bits are made, for authorities that have AMD's names and shape, and say \
            "Emulated" where AMD's name itself. Whoever wants to trust them says so (sealroot attest --roots \
            STATE/certs/ark.pem).

            With --json, standard output is chip.json: generation, chip_id, firmware, tcb, and so on.

            Exit status: 64 usage, or the folder is not free; 74 write error; 75 another process is at it.
            """)

    @Argument(help: ArgumentHelp("The folder to make.", valueName: "state"), completion: .directory)
    var state: String

    @Option(
        help: ArgumentHelp("milan, genoa or turin (default: milan).", valueName: "name"),
        transform: { name in
            guard let generation = ProcessorGeneration(name: name) else {
                throw ValidationError("no generation " + name)
            }
            return generation
        })
    var generation: ProcessorGeneration = .milan

    @Option(
        help: ArgumentHelp(
            "The firmware's version: reports have version 2 before 1.55.0, 3 before 1.55.35, else 5.",
            valueName: "x.y.z"),
        transform: { try firmwareVersion($0) })
    var firmware: FirmwareVersion?

    @Option(help: ArgumentHelp("Whose VLEK it has.", valueName: "cspid"))
    var vlekProvider: String = "CN=cc.emulated.invalid"

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard LoadedEndorsementKey.isProvider(vlekProvider) else {
            throw ValidationError("--vlek-provider takes 1 to 64 printable characters of ASCII")
        }
    }

    func run() throws {
        try reporting { () throws(CommandFailure) in
            var options = StateFolder.Options()
            options.generation = generation
            options.firmware = firmware
            options.provider = vlekProvider
            do throws(StateError) {
                let made = try StateFolder.create(at: state, options, now: WallClock.seconds)
                if json { return Console.print(made.description.report.compact) }
                for line in made.description.lines { Console.print(line) }
            } catch { throw CommandFailure(state: error) }
        }
    }
}

/// Reads a version such as 1.55.35.
func firmwareVersion(_ text: String) throws -> FirmwareVersion {
    guard let version = FirmwareVersion(text: text) else {
        throw ValidationError("no version such as 1.55.35: " + text)
    }
    return version
}
