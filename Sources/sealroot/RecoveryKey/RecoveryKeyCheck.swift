internal import ArgumentParser
internal import Enrollment
internal import InitramfsRuntime
internal import JSON
internal import RecoveryKeys
internal import Secrets

struct RecoveryKeyCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say whether a recovery key that was written down opens the volume.",
        discussion: """
            The key is one line of standard input, asked for on a terminal, with or without its dashes. A key of the \
            wrong form is told by its first wrong group; one of the right form is tried.
            """)

    @Argument(help: "A LUKS2 block device or image file.", completion: .file())
    var device: String

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let typed = try PassphraseInput.line(prompt: "Recovery key:")
            let key: RecoveryKey
            do throws(RecoveryKeyError) { key = try RecoveryKey(parsing: typed.bytes) } catch {
                throw CommandFailure(code: .malformed, area: "key", detail: error.description)
            }
            do throws(EnrollmentError) {
                let (keyslot, isRecovery) = try RecoveryKeyslots(device: device).check(key.text)
                show(keyslot, isRecovery)
            } catch { throw CommandFailure(error) }
        }
    }

    private func show(_ keyslot: Int, _ isRecovery: Bool) {
        guard json else {
            let note = isRecovery ? "" : ", which no recovery token names"
            return Console.print("the key opens keyslot " + String(keyslot) + note)
        }
        let object = JSONValue.object([
            JSONMember("keyslot", .integer(Int64(keyslot))), JSONMember("listed", .bool(isRecovery)),
        ])
        Console.print(object.compact)
    }
}
