internal import ArgumentParser
internal import InitramfsRuntime
internal import JSON
internal import SNPEmulator

/// What all commands about a state folder take.
struct StateOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The emulated chip.", valueName: "folder"), completion: .directory)
    var state: String

    @Flag(help: "Print the result as JSON.")
    var json = false

    func load() throws(CommandFailure) -> StateFolder { try CommandFailure.loading(state) }

    func show(_ state: StateFolder) {
        if json { return Console.print(state.description.report.compact) }
        for line in state.description.lines { Console.print(line) }
    }
}
