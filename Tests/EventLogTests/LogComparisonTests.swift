import EventLog
import Testing

/// What `diff` tells apart.
struct LogComparisonTests {
    private func log(_ events: [(UInt32, EventType, UInt8, [UInt8])], bank: UInt16 = 0x0B) throws -> EventLog {
        let size = bank == 0x0B ? 32 : 48
        var builder = LogBuilder([(bank, UInt16(size))])
        for (pcr, type, filler, data) in events {
            builder.agile(pcr: pcr, type, [(bank, [UInt8](repeating: filler, count: size))], data)
        }
        return try EventLog(parsing: builder.bytes)
    }

    @Test func namesTheFirstDifferenceOfEachPCRAndNoLaterOne() throws {
        let first = try log([
            (4, .separator, 1, [9]), (7, .separator, 2, [9]), (4, .action, 3, [9]), (4, .action, 4, [9]),
        ])
        let second = try log([
            (7, .separator, 2, [9]), (4, .separator, 1, [9]), (4, .action, 5, [9]), (4, .action, 6, [9]),
        ])
        let differences = try #require(LogComparison(first, second)).differences
        #expect(differences.map(\.pcr) == [4])
        #expect(differences[0].kind == .digest)
        #expect(differences[0].position == 1)
        #expect(differences[0].first == first.events[3])
        #expect(differences[0].second == second.events[3])
    }

    @Test func aRelabelledEventDiffersThoughItsDigestDoesNot() throws {
        let first = try log([(4, .separator, 1, [9]), (5, .action, 1, [9])])
        let second = try log([(4, .action, 1, [9]), (5, .action, 1, [8])])
        let differences = try #require(LogComparison(first, second)).differences
        #expect(differences.map(\.kind) == [.label, .label])
    }

    @Test func anEventMoreIsInOneLogOnlyAndAnotherLocalityIsNoEvent() throws {
        let locality = Array("StartupLocality\0".utf8)
        let first = try log([(0, .noAction, 0, locality + [3]), (2, .action, 1, [9])])
        let second = try log([(0, .noAction, 0, locality + [0]), (3, .action, 1, [9])])
        let differences = try #require(LogComparison(first, second)).differences
        #expect(differences.map(\.pcr) == [0, 2, 3])
        #expect(differences.map(\.kind) == [.locality, .onlyFirst, .onlySecond])
    }

    @Test func logsWithoutACommonBankCannotBeCompared() throws {
        #expect(LogComparison(try log([]), try log([], bank: 0x0C)) == nil)
    }
}
