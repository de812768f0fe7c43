internal import ArgumentParser
internal import BoundedBytes
internal import Enrollment
internal import InitramfsRuntime
internal import JSON
internal import TPM

struct Wipe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove what Sealroot has put into a volume.",
        discussion: "Refuses where no other keyslot is left: the volume could never be opened again.")

    @Argument(help: "A LUKS2 block device or image file.")
    var device: String

    @Flag(help: "Wipe even where no keyslot is left.")
    var force = false

    @OptionGroup var state: StateOptions
    @OptionGroup var tpm: TPMOptions

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let wiping = Wiping(device: device, isForced: force, store: state.store)
            let hasCounter = try !enrolling { () throws(EnrollmentError) in try wiping.counters() }.isEmpty
            // Asked before anything is destroyed: the counter is found only by the token.
            if hasCounter { _ = try tpm.connect() }
            show(
                try enrolling { () throws(EnrollmentError) in
                    try wiping.wipe { () throws(EnrollmentError) in
                        try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in try tpm.open() }
                    }
                })
        }
    }

    private func show(_ result: Wiping.Result) {
        guard json else {
            for token in result.tokens { Console.print("removed: token " + String(token)) }
            for counter in result.counters { Console.print("removed: counter " + Hexadecimal.prefixed(counter)) }
            for keyslot in result.keyslots { Console.print("removed: keyslot " + String(keyslot)) }
            return
        }
        let object = JSONValue.object([
            JSONMember("tokens", .array(result.tokens.map { .integer(Int64($0)) })),
            JSONMember("keyslots", .array(result.keyslots.map { .integer(Int64($0)) })),
            JSONMember("counters", .array(result.counters.map { .string(Hexadecimal.prefixed($0)) })),
        ])
        Console.print(object.compact)
    }
}
