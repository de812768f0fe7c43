internal import ArgumentParser
internal import InitramfsRuntime
internal import JSON
internal import SNPEmulator

/// A command that failed: its exit code and what its one line says.
struct CommandFailure: Error {
    let code: InitramfsRuntime.ExitCode
    /// The part of the machine, or of the input, that it is about.
    let area: String
    let detail: String

    init(_ code: InitramfsRuntime.ExitCode, area: String, _ detail: String) {
        self.code = code
        self.area = area
        self.detail = detail
    }

    init(_ error: FileError, area: String) {
        self.init(error.isMissing ? .missing : .inputOutput, area: area, error.description)
    }

    init(state error: StateError) { self.init(error.exitCode, area: "state", error.description) }

    init(svsm error: SVSMError) { self.init(error.exitCode, area: "svsm", error.description) }

    /// The state folder of that path.
    static func loading(_ path: String) throws(CommandFailure) -> StateFolder {
        do throws(StateError) { return try StateFolder.load(path) } catch { throw CommandFailure(state: error) }
    }

    /// The bytes of an input file. One that is too long for what it should be is malformed.
    static func reading(_ path: String, limit: Int, area: String) throws(CommandFailure) -> [UInt8] {
        do throws(FileError) { return try FileBytes.read(path, limit: limit) } catch {
            guard error.operation == .limit else { throw CommandFailure(error, area: area) }
            throw CommandFailure(.malformed, area: area, error.description)
        }
    }
}

/// Runs the work of a command and turns its failure into one line and the exit code.
func reporting<Value>(_ work: () throws(CommandFailure) -> Value) throws -> Value {
    do throws(CommandFailure) { return try work() } catch {
        Console.report("snp-emulator: " + error.area + ": " + error.detail)
        throw ArgumentParser.ExitCode(error.code.rawValue)
    }
}
