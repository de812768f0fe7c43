import Foundation

/// Where a program is killed.
public enum KillPoint: Sendable, CustomStringConvertible {
    /// Before its so many-th change of a watched file, counted from 1.
    case change(Int)
    /// In the middle of its so many-th write of two sectors or more.
    case tornWrite(Int)
    /// At its so many-th command that changes what the TPM keeps: before the TPM gets it, or after the TPM has answered.
    /// What other commands change is gone after a power cut.
    case command(Int, isExecuted: Bool)
    /// After so many microseconds.
    case time(Int)

    public var description: String {
        switch self {
        case .change(let number): "change \(number)"
        case .tornWrite(let number): "the middle of write \(number)"
        case .command(let number, let isExecuted): "TPM command \(number), \(isExecuted ? "executed" : "not executed")"
        case .time(let microseconds): "\(microseconds) µs"
        }
    }
}

extension Command {
    /// How a program ended that was to be killed.
    public enum Ending: Sendable {
        case killed
        /// It was over before it came to the point.
        case completed(CommandResult)
    }

    /// Runs `arguments` up to `point`.
    ///
    /// At a `.command` it is the `Interposer` between program and TPM that kills.
    /// - Parameter files: beginnings of the names of files whose changes count.
    public static func run(
        _ arguments: [String], until point: KillPoint, files: [String], environment: [String: String] = [:]
    ) throws -> Ending {
        var (arguments, environment) = (arguments, environment)
        switch point {
        case .change(let number): environment["SEALROOT_KILL_AT"] = "\(number)"
        case .tornWrite(let number): environment["SEALROOT_KILL_TORN"] = "\(number)"
        case .command: break
        case .time(let microseconds):
            arguments = ["timeout", "-s", "KILL", "\(Double(microseconds) / 1e6)"] + arguments
        }
        environment["SEALROOT_KILL_FILES"] = files.joined(separator: ":")
        environment["LD_PRELOAD"] = Scratch.product("libFailureInjector.so").path
        let result = try run(arguments, environment: environment)
        return [9, 128 + 9].contains(result.status) ? .killed : .completed(result)
    }
}
