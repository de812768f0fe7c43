internal import ArgumentParser
internal import BootPolicy
internal import EFI
internal import EventLog
internal import InitramfsRuntime
internal import InstalledSystem
internal import JSON
internal import ReferenceBuilding
internal import Terminal

struct ReferenceCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a reference manifest of an installed system or of a disk image.",
        discussion: """
            Allowed are the shim, boot loaders and unified kernels of the EFI system partition and of the packages, \
            and the kernels in /boot. What no file tells comes from a boot of the same machine: --eventlog gives \
            drivers, SBAT level, shim's lists and the keys of Secure Boot, --efivars the keys as they are now.
            """)

    @OptionGroup var system: SystemOptions

    @Option(
        help: ArgumentHelp(
            "Allow this kernel and not every one in /boot; may be given several times.", valueName: "version"))
    var kernel: [String] = []

    @Option(help: ArgumentHelp("The log of a boot of this machine.", valueName: "file"), completion: .file())
    var eventlog: String?

    @Option(
        help: ArgumentHelp("The firmware's variables: \(FirmwareVariables.folder) of this machine.", valueName: "dir"),
        completion: .directory)
    var efivars: String?

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Where to write the manifest, in one step; else standard output.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(help: "Print on one line, and a failure as an object.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            var facts = ReferenceBuilder.Facts()
            facts.kernels = kernel
            facts.log = try eventlog.map { (path) throws(CommandFailure) in try EventLog.read(path) }
            let reference: Reference
            do throws(ReferenceBuildingError) {
                if let efivars { facts.variables = try Self.variables(efivars) }
                reference = try ReferenceBuilder(try installed(), facts).build()
            } catch { throw CommandFailure(code: error.exitCode, area: "reference", detail: error.description) }
            try write((json ? reference.json.compact : reference.json.pretty) + "\n")
        }
    }

    private static func variables(_ folder: String) throws(ReferenceBuildingError) -> [Variable] {
        do throws(InstalledSystemError) {
            if let variables = try FirmwareVariables.read(folder) { return variables }
        } catch { throw .system(error) }
        throw .noVariables(folder)
    }

    private func installed() throws(ReferenceBuildingError) -> InstalledSystem {
        do throws(InstalledSystemError) {
            if let image = system.image { return try InstalledSystem.open(image: image) }
            return try InstalledSystem.open(root: system.root ?? "/")
        } catch { throw .system(error) }
    }

    private func write(_ text: String) throws(CommandFailure) {
        do throws(FileError) {
            guard let output else { return try StandardOutput.write(Array(text.utf8).span) }
            try FileBytes.replace(output, with: Array(text.utf8), mode: 0o644)
        } catch { throw CommandFailure(error, area: "reference") }
    }
}
