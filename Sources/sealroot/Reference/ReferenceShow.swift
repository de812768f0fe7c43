internal import ArgumentParser
internal import BootPolicy
internal import BoundedBytes
internal import EFI
internal import InitramfsRuntime
internal import JSON

struct ReferenceShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print a reference manifest, a line an entry.")

    @Argument(help: "The reference manifest.", completion: .file())
    var file: String

    @Flag(help: "Print it as JSON on one line, as it was understood.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            let reference = try Reference.read(file)
            if json { Console.print(reference.json.compact) } else { Self.lines(reference).forEach(Console.print) }
        }
    }

    private static func lines(_ reference: Reference) -> [String] {
        var lines = reference.programs.map { program in
            let version = program.version.map { ", version " + Printable.escape($0) } ?? ""
            let signers =
                program.signers.isEmpty
                ? ""
                : ", signed by "
                    + program.signers.map { Printable.escape($0) }
                    .joined(separator: " and ")
            return line(program.role.rawValue, program.digest, shown(program.file) + version + signers)
        }
        lines += reference.drivers.map { line("driver", $0.digest, shown($0.file)) }
        lines += reference.variables.map { line("variable", $0.digest, $0.name) }
        lines += reference.sbat.map { "sbat \(Printable.escape($0.component)) at least \($0.generation)" }
        lines += reference.mok?.map { line("mok", $0.digest, Printable.escape($0.name)) } ?? []
        return lines
    }

    private static func line(_ kind: String, _ digest: [UInt8], _ text: String) -> String {
        kind + " " + Hexadecimal.encode(digest) + " " + text
    }

    private static func shown(_ file: String) -> String { Printable.escape(file, limit: 160, keepingBackslashes: true) }
}
