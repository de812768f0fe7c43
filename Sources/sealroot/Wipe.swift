internal import ArgumentParser
internal import Enrollment
internal import InitramfsRuntime
internal import JSON

struct Wipe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove Sealroot's keyslots and tokens from a volume.",
        discussion: "Refuses where no other keyslot is left: the volume could never be opened again.")

    @Argument(help: "A LUKS2 block device or image file.")
    var device: String

    @Flag(help: "Wipe even where no keyslot is left.")
    var force = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            do throws(EnrollmentError) {
                show(try Wiping(device: device, isForced: force).wipe())
            } catch { throw CommandFailure(error) }
        }
    }

    private func show(_ result: Wiping.Result) {
        guard json else {
            for token in result.tokens { Console.print("removed: token " + String(token)) }
            for keyslot in result.keyslots { Console.print("removed: keyslot " + String(keyslot)) }
            return
        }
        let object = JSONValue.object([
            JSONMember("tokens", .array(result.tokens.map { .integer(Int64($0)) })),
            JSONMember("keyslots", .array(result.keyslots.map { .integer(Int64($0)) })),
        ])
        Console.print(object.compact)
    }
}
