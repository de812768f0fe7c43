import InitramfsRuntime
import TestSupport
import Testing

/// The tables of exit codes have what the programs can end with, and nothing else.
@Suite struct ExitCodeTests {
    static let pages = ManualTests.pages + [("snp-emulator-guest", "snp-emulator-guest.8")]

    /// What only one of page and program has.
    private func gaps(_ page: ManualPage, _ program: String) throws -> Set<Int32> {
        var listed = page.exitCodes
        if page["EXIT STATUS"].contains(where: { $0.text.contains("sealroot-init (8)") }) {
            listed.formUnion(try ManualPage(named: "sealroot-init.8").exitCodes)
        }
        return listed.symmetricDifference(try ProgramSources.exitCodes(of: program))
    }

    @Test(arguments: pages) func hasTheExitCodesOfTheProgram(_ program: String, _ page: String) throws {
        let gaps = try gaps(ManualPage(named: page), program)
        #expect(gaps == [])
    }

    /// sealroot(1) leaves most of its table to sealroot-init(8).
    @Test(arguments: pages.filter { $0.0 != "sealroot" })
    func wouldNoticeAnExitCodeTooFewOrTooMany(_ program: String, _ page: String) throws {
        let source = try ManualPage.source(page)
        let row = try #require(source.firstMatch(of: /\n(?:\.B )?65(?=[|\n])/)).0
        let more = source.replacing(row, with: row.replacing("65", with: "99"))
        #expect(try gaps(ManualPage(more), program) == [65, 99])
    }

    @Test(arguments: pages) func namesExitCodesThatThereAre(_ program: String, _ page: String) throws {
        let page = try ManualPage(named: page)
        let named = page.text(without: []).matches(of: /[Ss]tatus\s+(?:is\s+)?(?:then\s+)?([0-9]+)/).compactMap {
            Int32($0.1)
        }
        let unknown = page.exitCodes.union(named).filter { ExitCode(rawValue: $0) == nil }
        #expect(unknown == [])
    }
}
