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
            let verdicts: [Consistency]
            do throws(CryptographyError) { verdicts = try log.consistencies() } catch {
                throw CommandFailure(hashing: error.description)
            }
            // In one piece: a write for each of some thousand lines would take longer than all the rest.
            let text = json ? object(log, verdicts).compact + "\n" : lines(log, verdicts)
            do throws(FileError) { try StandardOutput.write(Array(text.utf8).span) } catch {
                throw CommandFailure(code: .inputOutput, area: "eventlog", detail: error.description)
            }
        }
    }

    private func lines(_ log: EventLog, _ verdicts: [Consistency]) -> String {
        var text = log.format.rawValue + ", " + log.banks.map(\.name).joined(separator: " ")
        text += ", \(log.events.count) events, startup locality \(log.startupLocality)\n"
        for (event, verdict) in zip(log.events, verdicts) {
            let content = EventDescription(log, event)
            text += "\(event.index) " + content.place + " " + event.type.description + " [" + verdict.words + "]"
            text += (content.line.isEmpty ? "" : " ") + content.line + "\n"
            for bank in log.banks {
                guard let digest = log.digest(of: event, in: bank), event.isExtended else { continue }
                text += "    " + bank.name + " " + Hexadecimal.encode(digest) + "\n"
            }
        }
        return text
    }

    private func object(_ log: EventLog, _ verdicts: [Consistency]) -> JSONValue {
        .object([
            JSONMember("format", .string(log.format.rawValue)),
            JSONMember("banks", .array(log.banks.map { .string($0.name) })),
            JSONMember("startup_locality", .integer(Int64(log.startupLocality))),
            JSONMember("padding_bytes", .integer(Int64(log.padding.count))),
            JSONMember("events", .array(zip(log.events, verdicts).map { EventDescription(log, $0).json($1) })),
        ])
    }
}
