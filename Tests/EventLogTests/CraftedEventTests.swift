import BoundedBytes
import EventLog
import Testing

/// Events that the samples lack. The digests are sha256sum's and Python's.
struct CraftedEventTests {
    /// SHA-256 of "hcrtm code".
    private static let code = "0504816da04c5ef854a6deb0b4d99ad8d30dc99ed8327d3c7b9237742e4b3daf"
    private static let one = "67abdd721024f0ff4e0b3f4c2fc13bc5bad42d0b7851d456d88d203d15aaa450"
    /// SHA-256 of ".linux" and a NUL.
    private static let linux = "0da293e37ad5511c59be47993769aacb91b243f7d010288e118dc90e95aaef5a"

    private func utf16(_ text: String) -> [UInt8] { text.utf16.flatMap { [UInt8($0), 0] } + [0, 0] }

    @Test func startsFromLocalityFourAfterAnHCRTMWithoutStartupLocality() throws {
        let log = try LogBuilder.sha256(pcr: 0, .hcrtm, Self.code, Array("HCRTM".utf8))
        #expect(
            Hexadecimal.encode(try log.replay()[0].pcrs[0].value)
                == "f25497f048dbf17665c5e4dbe2c399195221e2ae81fe5cbfaef287ccd5ed6e76")
    }

    @Test func startupLocalityCountsForPCRZeroOnly() throws {
        var builder = LogBuilder([(0x0B, 32)])
        let zeros = [UInt8](repeating: 0, count: 32)
        let digest = Hexadecimal.decode(Self.code) ?? []
        builder.agile(pcr: 0, .noAction, [(0x0B, zeros)], Array("StartupLocality\0".utf8) + [3])
        builder.agile(pcr: 0, EventType(rawValue: 7), [(0x0B, digest)], [])
        builder.agile(pcr: 17, EventType(rawValue: 7), [(0x0B, digest)], [])
        let pcrs = try EventLog(parsing: builder.bytes).replay()[0].pcrs
        #expect(pcrs.map(\.index) == [0, 17])
        #expect(
            pcrs.map { Hexadecimal.encode($0.value) } == [
                "12ce69572d23c24ddd57ed93d5ac75ef63762aebc1cb0043837e45e72bfef8c4",
                "2bbc53f96916254569e53396c3ada7a1272b831c94ab448f067f8bbc2a612d18",
            ])
    }

    @Test func anErrorSeparatorIsNamedAsOne() throws {
        for data in [[0, 0, 0, 0], Array("disk failed".utf8)] {
            let log = try LogBuilder.sha256(pcr: 7, .separator, Self.one, data)
            #expect(try log.consistencies()[1] == .consistent(.errorSeparator))
        }
    }

    @Test func ofEachSectionTheNameIsCheckedAndTheContentsAreNot() throws {
        var builder = LogBuilder([(0x0B, 32)])
        let name = Hexadecimal.decode(Self.linux) ?? []
        let contents = [UInt8](repeating: 9, count: 32)
        for digest in [name, contents, contents] { builder.agile(pcr: 11, .ipl, [(0x0B, digest)], utf16(".linux")) }
        let log = try EventLog(parsing: builder.bytes)
        let verdicts = try log.consistencies()
        #expect(log.content(of: log.events[1]) == .systemdSection(".linux"))
        #expect(
            verdicts.dropFirst() == [
                .consistent(.sectionName), .notDerivable, .inconsistent(.digest(banks: ["sha256"])),
            ])
    }

    @Test func anUnknownTypeIsShownAndNotTrusted() throws {
        let log = try LogBuilder.sha256(pcr: 4, EventType(rawValue: 0x8000_1234), Self.one, [1, 0, 0, 0])
        #expect(log.events[1].type.description == "0x80001234")
        #expect(try log.consistencies()[1] == .notDerivable)
    }

    @Test func aBankThatCannotBeComputedIsKeptAndNotReplayed() throws {
        var builder = LogBuilder([(0x12, 32), (0x77, 21)])
        let digest = [UInt8](1...21)
        builder.agile(pcr: 4, .separator, [(0x77, digest), (0x12, [UInt8](repeating: 1, count: 32))], [0, 0, 0, 0])
        let log = try EventLog(parsing: builder.bytes)
        #expect(log.banks.map(\.name) == ["sm3_256", "0x77"])
        #expect(log.digest(of: log.events[1], in: log.banks[1]) == digest[...])
        #expect(try log.replay().isEmpty)
        #expect(try log.consistencies()[1] == .notDerivable)
    }

    @Test func aSeparatorInGRUBsPCRIsNotOne() throws {
        let zeros = "df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119"
        for (pcr, verdict) in [(UInt32(7), Consistency.consistent(.eventData)), (8, .inconsistent(.placement))] {
            let log = try LogBuilder.sha256(pcr: pcr, .separator, zeros, [0, 0, 0, 0])
            #expect(try log.consistencies()[1] == verdict)
        }
    }
}
