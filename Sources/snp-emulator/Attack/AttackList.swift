internal import ArgumentParser
internal import HostAttacks
internal import InitramfsRuntime
internal import JSON

/// `snp-emulator attack list`.
struct AttackList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the attacks: what the host does, and what must come of it.",
        discussion: """
            A table in Markdown. With --json an array of objects: name, group, host, outcome, code (null where nobody \
            refuses), modes, control.
            """)

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        guard !json else { return Console.print(JSONValue.array(Attack.all.map(\.json)).compact) }
        Console.print("| attack | the host | must end in | exit status | run mode | control |")
        Console.print("| --- | --- | --- | --- | --- | --- |")
        for attack in Attack.all { Console.print(attack.row) }
    }
}

extension Attack {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("name", .string(name)), JSONMember("group", .string(group.rawValue)),
            JSONMember("host", .string(summary)), JSONMember("outcome", .string(outcome)),
            JSONMember("code", exitCode.map { .integer(Int64($0)) } ?? .null),
            JSONMember("modes", .array(modes.map { .string($0.rawValue) })),
            JSONMember("control", .string(controlText)),
        ])
    }

    fileprivate var row: String {
        let code = exitCode.map(String.init) ?? "none"
        let cells = [name, summary, outcome, code, modes.map(\.rawValue).joined(separator: ", "), controlText]
        return "| " + cells.joined(separator: " | ") + " |"
    }
}
