internal import ArgumentParser
internal import InitramfsRuntime
internal import JSON

/// A command that failed: what its message, its JSON object and its exit code say.
struct CommandFailure: Error {
    let code: InitramfsRuntime.ExitCode
    let area: String
    let detail: String

    /// Source: architecture, section 4.5.
    var json: JSONValue {
        .object([
            JSONMember("code", .integer(Int64(code.rawValue))), JSONMember("area", .string(area)),
            JSONMember("reason", .string(code.reason)), JSONMember("detail", .string(detail)),
            JSONMember("event", .null),
        ])
    }
}

extension CommandFailure {
    /// A file that cannot be read or written.
    init(_ error: FileError, area: String) {
        self.init(code: error.isMissing ? .missing : .inputOutput, area: area, detail: error.description)
    }
}

extension CommandFailure {
    /// An input file that is too long for its format is malformed; another failure is one of reading.
    static func reading(_ path: String, limit: Int, area: String) throws(CommandFailure) -> [UInt8] {
        do throws(FileError) { return try FileBytes.read(path, limit: limit) } catch {
            guard error.operation == .limit else { throw CommandFailure(error, area: area) }
            throw CommandFailure(code: .malformed, area: area, detail: error.description)
        }
    }
}

extension InitramfsRuntime.ExitCode {
    /// The code in one word, for scripts.
    var reason: String {
        switch self {
        case .done: "done"
        case .usage: "usage"
        case .malformed: "malformed"
        case .missing: "missing"
        case .unavailable: "unavailable"
        case .internalFault: "internal"
        case .inputOutput: "io"
        case .busy: "busy"
        case .attestationRefused: "attestation-refused"
        case .bootRefused: "boot-refused"
        case .configuration: "configuration"
        case .volumeRefused: "volume-refused"
        }
    }
}

/// Runs the work of a command and turns its failure into one line, or one object, and the exit code.
func reporting(json: Bool, _ work: () throws(CommandFailure) -> Void) throws {
    do throws(CommandFailure) { try work() } catch {
        Console.report("sealroot: " + error.area + ": " + error.code.reason + ": " + error.detail)
        if json { Console.print(error.json.compact) }
        throw ArgumentParser.ExitCode(error.code.rawValue)
    }
}
