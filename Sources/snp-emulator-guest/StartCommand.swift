internal import GuestAgent
internal import InitramfsRuntime

/// `snp-emulator-guest start`.
enum StartCommand {
    struct Options {
        var places = AgentPlaces()
        /// How long the ports are waited for.
        var seconds: UInt16 = 10
        var staysInForeground = false
    }

    static func options(_ arguments: inout ArgumentList) throws(UsageError) -> Options {
        var options = Options()
        options.staysInForeground = arguments.flag("foreground")
        if let text = try arguments.option("timeout") {
            guard let seconds = UInt16(text) else {
                throw UsageError("--timeout is a number of seconds, not '" + text + "'")
            }
            options.seconds = seconds
        }
        for (name, place) in [
            ("processor-port", \AgentPlaces.processorPort), ("service-port", \.servicePort),
            ("secrets-page", \.secretsPage), ("level", \.level), ("device", \.device),
            ("configuration", \.configuration),
        ] {
            if let path = try arguments.option(name) { options.places[keyPath: place] = path }
        }
        try arguments.finish()
        return options
    }

    /// - Returns: the exit status.
    static func run(_ options: Options) -> Int32 {
        do throws(AgentError) {
            if options.staysInForeground {
                try makeAgent(options).run()
                return ExitCode.done.rawValue
            }
            switch try Background.split() {
            case .waiting(let status): return status
            case .staying(let background):
                let agent = try makeAgent(options)
                background.begin()
                try agent.run()
                return ExitCode.done.rawValue
            }
        } catch {
            report(error.description)
            return error.exitCode.rawValue
        }
    }

    private static func makeAgent(_ options: Options) throws(AgentError) -> Agent {
        try Agent.make(options.places, waiting: Int64(options.seconds) * 1000, report: report)
    }

    private static func report(_ line: String) { Console.report("snp-emulator-guest: " + line) }
}
