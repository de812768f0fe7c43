internal import ArgumentParser
internal import Enrollment
internal import InitramfsRuntime
internal import JSON

struct RecoveryKeyList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show which keyslots hold recovery keys.")

    @Argument(help: "A LUKS2 block device or image file.", completion: .file())
    var device: String

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            do throws(EnrollmentError) { show(try RecoveryKeyslots(device: device).list()) } catch {
                throw CommandFailure(error)
            }
        }
    }

    private func show(_ entries: [RecoveryKeyslots.Entry]) {
        guard json else {
            for entry in entries { Console.print(entry.line) }
            return
        }
        let list = JSONValue.array(entries.map { .object($0.members) })
        Console.print(JSONValue.object([JSONMember("recovery_keys", list)]).compact)
    }
}

extension RecoveryKeyslots.Entry {
    var line: String { "keyslot " + String(keyslot) + ", token " + String(token) }

    var members: [JSONMember] {
        [JSONMember("keyslot", .integer(Int64(keyslot))), JSONMember("token", .integer(Int64(token)))]
    }
}
