internal import ArgumentParser
internal import Configuration
internal import Enrollment
internal import InitramfsRuntime
internal import JSON

/// `sealroot resize`.
struct Resize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let the open volume have all of its partition.",
        discussion: """
            The file system is for its own tools to grow. After the first boot of a prepared image nobody is asked for \
            a passphrase: the unlock has left the secret for 15 minutes. After any other boot the whole partition is \
            mapped already.
            """)

    @OptionGroup var device: DeviceArgument

    @Option(help: ArgumentHelp("Its name under /dev/mapper (default: that of init.conf).", valueName: "name"))
    var mapping: String?

    @Option(
        help: ArgumentHelp("File with a passphrase of the volume, '-' for standard input.", valueName: "file"),
        completion: .file())
    var keyFile: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let configuration = try device.configuration()
            let path = try device.path(configuration)
            guard let mapping = mapping ?? configuration?.mapping else {
                throw CommandFailure(
                    code: .missing, area: "configuration", detail: device.config + " is not there: name the mapping")
            }
            let growth = MappingGrowth(device: path, mapping: mapping)
            guard try enrolling({ () throws(EnrollmentError) in try growth.isNeeded() }) else {
                return show(nil, mapping)
            }
            let passphrase = try PassphraseInput.read(keyFile: keyFile, handedOverFor: path)
            do throws(EnrollmentError) { show(try growth.grow(passphrase: passphrase), mapping) } catch {
                throw CommandFailure(error)
            }
        }
    }

    private func show(_ result: MappingGrowth.Result?, _ mapping: String) {
        guard json else {
            return Console.print(
                result.map { mapping + ": from " + String($0.before) + " to " + String($0.after) + " bytes" }
                    ?? mapping + " has all of its partition")
        }
        func bytes(_ count: UInt64?) -> JSONValue { count.map { .integer(Int64(clamping: $0)) } ?? .null }
        let object = JSONValue.object([
            JSONMember("mapping", .string(mapping)), JSONMember("before", bytes(result?.before)),
            JSONMember("after", bytes(result?.after)),
        ])
        Console.print(object.compact)
    }
}
