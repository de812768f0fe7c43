import EFI
import TestSupport
import Testing

@Suite struct SBATTests {
    private static let level = Array("sbat,1,2023012900\nshim,2\ngrub,3\ngrub.debian,4\n".utf8)

    private func image(_ text: String) throws -> [SBATEntry] { try SBATEntry.parse(Array(text.utf8)) }

    @Test(.enabled(if: SharedData.isPresent)) func readsShimsOwnEntries() throws {
        let entries = try SBATEntry.parse(try SharedData.bytes("sbat/shim_sbat.csv"))
        #expect(entries.map(\.component) == ["sbat", "shim"])
        #expect(entries.map(\.generation) == [1, 4])
        #expect(entries[1].url == "https://github.com/rhboot/shim")
    }

    /// Every payload in shim's own list begins with `sbat,1,` and a date; shim delivers the newest.
    @Test(.enabled(if: SharedData.isPresent)) func readsEveryLevelThatShimListed() throws {
        let text = String(decoding: try SharedData.bytes("sbat/SbatLevel_Variable.txt"), as: UTF8.self)
        let blocks = text.split(separator: "sbat,1,").dropFirst().map { "sbat,1," + $0 }
        #expect(blocks.count == 11)
        for block in blocks {
            let lines = block.split(separator: "\n").prefix { $0.wholeMatch(of: /[a-z.]+,[0-9,]+/) != nil }
            let level = try SBATLevel(parsing: Array((lines.joined(separator: "\n") + "\n").utf8))
            #expect(level.requirements.count == lines.count)
            #expect(level.date.count == 10)
        }
    }

    /// The case that the line "grub.debian,4" was made for: Debian's grub.3 which missed patches.
    @Test func revokesAnOlderGenerationOfADistribution() throws {
        let level = try SBATLevel(parsing: Self.level)
        let old = try image("sbat,1,SBAT Version,sbat,1,u\ngrub,3,FSF,grub,2.06,u\ngrub.debian,3,Debian,grub2,2,u\n")
        #expect(level.verdict(for: old) == .revoked(component: "grub.debian", generation: 3, required: 4))
        let new = try image("sbat,1,SBAT Version,sbat,1,u\ngrub,3,FSF,grub,2.06,u\ngrub.debian,4,Debian,grub2,2,u\n")
        #expect(level.verdict(for: new) == .accepted)
        #expect(level.verdict(for: nil) == .noSBAT)
        #expect(level.date == "2023012900")
    }

    @Test(arguments: [
        ("", 1), ("grub,3,a,b,c\n", 1), ("grub,3,a,b,c,d,e\n", 1), ("grub,0,a,b,c,d\n", 1), ("grub,-1,a,b,c,d\n", 1),
        ("grub,4294967296,a,b,c,d\n", 1), ("grub,+3,a,b,c,d\n", 1), ("sbat,1,a,b,c,d\ngr\u{1B}ub,3,a,b,c,d\n", 2),
        ("grub,3,a,b,c,d\n\0grub,9,a,b,c,d\n", 2),
    ])
    func refusesLinesThatShimWouldReadOtherwise(_ text: String, _ line: Int) {
        #expect(throws: EFIError.line(.sbat, line)) { try image(text) }
    }

    @Test(arguments: ["", "shim,2\n", "sbat\n", "sbat,x,1\n", "sbat,1,2\nshim\n"])
    func refusesALevelWithoutItsFirstLine(_ text: String) {
        #expect(throws: EFIError.self) { try SBATLevel(parsing: Array(text.utf8)) }
    }

    /// Eight bytes a line made some hundred bytes of entry, and as much again for its fields.
    @Test func readsNoMoreLinesThanAnybodyNeeds() throws {
        let lines = { (count: Int) in Array(String(repeating: "a,1,,,,\n", count: count).utf8) }
        #expect(try SBATEntry.parse(lines(256)).count == 256)
        #expect(throws: EFIError.line(.sbat, 257)) { try SBATEntry.parse(lines(257)) }
        let level = Array("sbat,1\n".utf8)
        #expect(try SBATLevel(parsing: level + lines(255)).requirements.count == 256)
        #expect(throws: EFIError.line(.sbat, 257)) { try SBATLevel(parsing: level + lines(256)) }
        // Empty lines are none, however many there are.
        let breaks = [UInt8](repeating: 0x0A, count: 100_000)
        #expect(try SBATEntry.parse(breaks + lines(1)).count == 1)
        #expect(throws: EFIError.line(.sbat, 1)) { try SBATEntry.parse([UInt8](repeating: 0x2C, count: 100_000)) }
    }
}
