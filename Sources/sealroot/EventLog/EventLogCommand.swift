internal import ArgumentParser
internal import Cryptography
internal import EventLog
internal import InitramfsRuntime

struct EventLogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eventlog",
        abstract: "Show, replay and compare TCG event logs.",
        discussion: """
            The log of the running system is \(EventLog.kernelFile). Nothing in a log is \
            authentic by itself: compare the replay with the PCRs of the TPM.
            """,
        subcommands: [EventLogShow.self, EventLogReplay.self, EventLogDiff.self])
}

extension EventLog {
    /// Far more than any firmware writes; the kernel's own limit is the firmware's buffer of some 64 KiB.
    private static let longest = 16 << 20

    static func read(_ path: String) throws(CommandFailure) -> EventLog {
        let bytes = try CommandFailure.reading(path, limit: longest, area: "eventlog")
        do throws(EventLogError) { return try EventLog(parsing: bytes) } catch {
            throw CommandFailure(code: .malformed, area: "eventlog", detail: path + ": " + error.description)
        }
    }
}

/// Computes something over a log that fails only where libcrypto does.
func hashing<Value>(_ body: () throws(CryptographyError) -> Value) throws(CommandFailure) -> Value {
    do throws(CryptographyError) { return try body() } catch {
        throw CommandFailure(code: .internalFault, area: "eventlog", detail: error.description)
    }
}
