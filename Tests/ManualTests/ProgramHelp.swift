import Foundation
import TestSupport

/// What the programs say of themselves.
enum ProgramHelp {
    /// By `--help` of the program and of each of its commands.
    static func synopsis(of program: String) throws -> Synopsis {
        let text = try text(program, [])
        guard !text.hasPrefix("usage:") else { return Synopsis(of: program, in: text) }
        var synopsis = Synopsis()
        try walk(program, [], text, &synopsis)
        return synopsis
    }

    static func text(_ program: String, _ words: [String]) throws -> String {
        let result = try Command.run([Scratch.product(program).path] + words + ["--help"])
        guard result.status == 0 else { throw CommandFailure(description: result.errorText) }
        return result.text
    }

    /// As swift-argument-parser writes it: a heading, then names at two blanks, and what they mean behind two more.
    private static func walk(
        _ program: String, _ words: [String], _ text: String, _ synopsis: inout Synopsis
    ) throws {
        let commands = entries("SUBCOMMANDS:", text)
        for command in commands {
            try walk(program, words + [command], self.text(program, words + [command]), &synopsis)
        }
        guard commands.isEmpty else { return }
        let options = entries("OPTIONS:", text).joined(separator: " ")
        synopsis.add(Synopsis.options(in: options), to: words.joined(separator: " "))
    }

    private static func entries(_ heading: String, _ text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let section = lines.drop { $0 != heading }.dropFirst().prefix { !$0.isEmpty }
        return section.compactMap { line in
            line.wholeMatch(of: /\ {2}(\S.*?)(?:\ {2}.*)?/).map { String($0.1) }
        }
    }
}
