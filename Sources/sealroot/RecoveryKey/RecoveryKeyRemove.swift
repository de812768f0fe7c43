internal import ArgumentParser
internal import Enrollment
internal import InitramfsRuntime
internal import JSON

struct RecoveryKeyRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Destroy a recovery key's keyslot and token.",
        discussion: "Refuses where no other keyslot is left: the volume could never be opened again.")

    @Argument(help: "A LUKS2 block device or image file.", completion: .file())
    var device: String

    @Option(help: ArgumentHelp("The keyslot, where there are several recovery keys.", valueName: "n"))
    var keyslot: Int?

    @Flag(help: "Remove it even where no keyslot is left.")
    var force = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            do throws(EnrollmentError) {
                let entry = try RecoveryKeyslots(device: device).remove(keyslot: keyslot, isForced: force)
                Console.print(json ? JSONValue.object(entry.members).compact : "removed: " + entry.line)
            } catch { throw CommandFailure(error) }
        }
    }
}
