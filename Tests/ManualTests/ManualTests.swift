import Foundation
import TestSupport
import Testing

/// The manual says what the programs say of themselves, and nothing else.
@Suite struct ManualTests {
    static let pages: [(program: String, page: String)] = [
        ("sealroot", "sealroot.1"), ("sealroot-init", "sealroot-init.8"),
        ("snp-emulator", "snp-emulator.1"),
    ]

    /// What the program has and the page has not, or the other way round.
    private func gaps(_ page: ManualPage, _ program: String) throws -> [String] {
        let help = try ProgramHelp.synopsis(of: program)
        let written = page["SYNOPSIS"].map { $0.macro == "br" ? "" : $0.text }.joined(separator: " ")
        return help.differences(from: Synopsis(of: program, in: written))
            + help.options.subtracting(page.explainedOptions).sorted()
    }

    @Test(arguments: ExitCodeTests.pages) func hasTheOptionsOfTheProgram(_ program: String, _ page: String) throws {
        let gaps = try gaps(ManualPage(named: page), program)
        #expect(gaps == [])
    }

    @Test(arguments: pages) func wouldNoticeAnOptionTooFewOrTooMany(_ program: String, _ page: String) throws {
        let source = try ManualPage.source(page)
        let option = ".RB [ \\-\\-json ]\n"
        let cut = try #require(source.firstRange(of: option))
        #expect(try gaps(ManualPage(source.replacingCharacters(in: cut, with: "")), program).count == 1)
        let more = source.replacingCharacters(in: cut, with: option + ".RB [ \\-\\-yaml ]\n")
        #expect(try gaps(ManualPage(more), program).count == 1)
        #expect(try gaps(ManualPage(source.replacing(".B \\-\\-json\n", with: "")), program) == ["--json"])
    }

    /// 24 lines of 80 characters, as a terminal has at least.
    @Test(arguments: ExitCodeTests.pages.map(\.program)) func hasHelpThatFitsAScreen(_ program: String) throws {
        let lines = try ProgramHelp.text(program, []).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 24)
        #expect(lines.filter { $0.count > 80 } == [])
    }

    /// Pages also tell of options of the other programs.
    @Test(arguments: ExitCodeTests.pages.map(\.page) + ["sealroot.conf.5", "sealroot-policy.7"])
    func explainsNoOptionThatNobodyHas(_ page: String) throws {
        let known = try ExitCodeTests.pages.reduce(into: Set<String>()) {
            $0.formUnion(try ProgramHelp.synopsis(of: $1.program).options)
        }
        let text = try ManualPage(named: page).text(without: ["EXAMPLE", "EXAMPLES"])
        let foreign = Synopsis.options(in: text).subtracting(known)
        #expect(foreign == [])
    }

    /// As somebody pastes it who reads the page, whose text is indented.
    @Test(arguments: [("snp-emulator.1", "EXAMPLE", 5), ("sealroot-policy.7", "EXAMPLES", 11)])
    func hasExamplesThatWork(_ page: String, _ heading: String, _ count: Int) throws {
        let scratch = try Scratch()
        let programs = Scratch.product("sealroot").deletingLastPathComponent().path
        let displays = try ManualPage(named: page).displays(heading)
        #expect(displays.count == count)
        for (before, text) in displays {
            let lines = text.split(separator: "\n").map { "       " + $0 + "\n" }
            let script = "set -e; PATH=\(programs):$PATH:/usr/sbin:/sbin\n" + lines.joined()
            let result = try Command.run(["sh", "-c", script], folder: scratch.path)
            let expected = before.firstMatch(of: /status is ([0-9]+)/).flatMap { Int32($0.1) } ?? 0
            #expect(result.status == expected, "\(text)\n\(result.errorText)")
        }
    }
}
