internal import ArgumentParser
internal import BoundedBytes
internal import Cryptography
internal import EventLog
internal import InitramfsRuntime
internal import JSON
internal import Terminal

struct EventLogShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the events of a log, decoded, and whether each digest is that of its data.",
        discussion: """
            "consistent" says that the digest was made of what the event shows. It does not say that the event is \
            welcome, nor that the log is the TPM's.
            """)

    @Argument(help: "The log.", completion: .file())
    var file: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let log = try EventLog.read(file)
            let verdicts = try hashing { () throws(CryptographyError) in try log.consistencies() }
            do throws(FileError) {
                if json { try printObject(log, verdicts) } else { try printLines(log, verdicts) }
            } catch {
                throw CommandFailure(code: .inputOutput, area: "eventlog", detail: error.description)
            }
        }
    }

    private func printLines(_ log: EventLog, _ verdicts: [Consistency]) throws(FileError) {
        var output = BlockOutput()
        try output.write(log.format.rawValue + ", " + log.banks.map(\.name).joined(separator: " "))
        try output.write(", \(log.events.count) events, startup locality \(log.startupLocality)\n")
        for (event, verdict) in zip(log.events, verdicts) {
            let content = EventDescription(log, event)
            let line = content.line
            try output.write("\(event.index) " + content.place + " " + event.type.description)
            try output.write(" [" + verdict.words + "]" + (line.isEmpty ? "" : " ") + line + "\n")
            for bank in log.banks {
                guard let digest = log.digest(of: event, in: bank), event.isExtended else { continue }
                try output.write("    " + bank.name + " " + Hexadecimal.encode(digest) + "\n")
            }
        }
        try output.flush()
    }

    /// Event by event: the tree of a whole hostile log would take a hundred times its bytes.
    private func printObject(_ log: EventLog, _ verdicts: [Consistency]) throws(FileError) {
        let head = JSONValue.object([
            JSONMember("format", .string(log.format.rawValue)),
            JSONMember("banks", .array(log.banks.map { .string($0.name) })),
            JSONMember("startup_locality", .integer(Int64(log.startupLocality))),
            JSONMember("padding_bytes", .integer(Int64(log.padding.count))),
        ])
        var output = BlockOutput()
        try output.write(head.compact.dropLast() + ",\"events\":[")
        for (event, verdict) in zip(log.events, verdicts) {
            let separator = event.index == 0 ? "" : ","
            try output.write(separator + EventDescription(log, event).json(verdict).compact)
        }
        try output.write("]}\n")
        try output.flush()
    }
}

/// Standard output in blocks: a `write(2)` for each of some thousand lines would take longer than all the rest.
private struct BlockOutput {
    private var bytes: [UInt8] = []

    mutating func write(_ text: String) throws(FileError) {
        bytes += text.utf8
        if bytes.count >= 1 << 16 { try flush() }
    }

    mutating func flush() throws(FileError) {
        try StandardOutput.write(bytes.span)
        bytes.removeAll(keepingCapacity: true)
    }
}
