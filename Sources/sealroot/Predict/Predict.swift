internal import ArgumentParser
internal import InitramfsRuntime
internal import JSON
internal import Prediction

/// `sealroot predict`.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what the next boot will measure, and why.",
        discussion: """
            The boot files come from a folder or a raw disk image; what the firmware does comes from the last log. \
            An image that never booted has none: then a template is used, the log of a named firmware. Each event \
            has its reason.

            Predicted are PCR 4, 7, 8, 9, 11, 12 and 14. What cannot be known beforehand is never guessed: the \
            event and why are on standard error, and the exit status is 77.

            With --json, standard output is one object: complete, source, firmware, entry, pcrs (by bank), events \
            (pcr, type, digests, reason, text) and gaps (pcrs, event, reason).
            """)

    @OptionGroup var system: SystemOptions

    @Option(
        help: ArgumentHelp("The log of the last boot (default: the kernel's, for the root '/').", valueName: "file"),
        completion: .file())
    var eventlog: String?

    @Option(
        help: ArgumentHelp(
            "The firmware whose log stands in for a missing one, by name or file (default: \(Template.standard)).",
            valueName: "name|file"), completion: .file())
    var template: String?

    @Option(help: ArgumentHelp("Predict the boot of this kernel and not of the default.", valueName: "version"))
    var kernel: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard eventlog == nil || template == nil else {
            throw ValidationError("--eventlog and --template exclude each other")
        }
    }

    func run() throws {
        var isComplete = true
        try reporting(json: json) { () throws(CommandFailure) in
            let source = try PredictionSource.read(system, eventlog: eventlog, template: template)
            do throws(PredictionError) {
                let installed = try system.open(after: source.history)
                let prediction = try Prediction.make(of: installed, after: source.history, kernel: kernel)
                let report = try PredictionReport(prediction, source)
                report.print(json: json)
                isComplete = prediction.isComplete
            } catch { throw CommandFailure(error) }
        }
        guard isComplete else { throw ArgumentParser.ExitCode(InitramfsRuntime.ExitCode.bootRefused.rawValue) }
    }
}
