internal import ArgumentParser
internal import BoundedBytes
internal import Cryptography
internal import EventLog
internal import InitramfsRuntime
internal import JSON

struct EventLogReplay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Compute the PCR values that a log leads to.",
        discussion: "Prints one JSON object: for each bank, each PCR that the log extends, and its value.")

    @Argument(help: "The log.", completion: .file())
    var file: String

    @Flag(help: "Print on one line, and a failure as an object.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let log = try EventLog.read(file)
            let banks = try hashing { () throws(CryptographyError) in try log.replay() }
            for bank in log.banks where log.isIncomplete(bank) {
                Console.report("sealroot: eventlog: some events have no " + bank.name + " digest")
            }
            let object = JSONValue.object(banks.map { JSONMember($0.bank.name, .object($0.pcrs.map(Self.member))) })
            Console.print(json ? object.compact : object.pretty)
        }
    }

    private static func member(_ pcr: ReplayedPCR) -> JSONMember {
        JSONMember(String(pcr.index), .string(Hexadecimal.encode(pcr.value)))
    }
}
