internal import BootPolicy
internal import InitramfsRuntime
internal import JSON
internal import Unlock

/// `sealroot-init check`: the boot's chain, one line a component.
enum CheckCommand {
    struct Options {
        var check = BootCheckRun.Options()
        var isJSON = false
    }

    static func options(_ arguments: inout ArgumentList) throws(UsageError) -> Options {
        var options = Options()
        options.isJSON = arguments.flag("json")
        options.check.tcti = try arguments.option("tcti")
        if let path = try arguments.option("config") { options.check.configurationPath = path }
        try options.check.files.take(from: &arguments)
        try arguments.finish()
        return options
    }

    static func run(_ options: Options) -> ExitCode {
        let report = BootCheckRun.run(options.check)
        if options.isJSON {
            Console.print(report.json.compact)
        } else {
            for component in report.verdict?.components ?? [] { Console.print(component.line) }
        }
        if let failure = report.failure {
            let result = failure.isRefusal ? "refused" : "failed"
            Console.report("sealroot: " + failure.area + ": " + result + ": " + failure.description)
        }
        return report.exitCode
    }
}

extension BootFiles {
    /// The options that name them, which two commands have.
    mutating func take(from arguments: inout ArgumentList) throws(UsageError) {
        if let path = try arguments.option("eventlog") { eventLog = path }
        if let path = try arguments.option("reference") { reference = path }
    }
}
