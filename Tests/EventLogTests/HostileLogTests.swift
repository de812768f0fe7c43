import BoundedBytes
import EventLog
import TestSupport
import Testing

/// Logs from an enemy.
struct HostileLogTests {
    private static let sha256: [(UInt16, UInt16)] = [(0x0B, 32)]
    private static let digest = [UInt8](repeating: 7, count: 32)

    private func reject(_ bytes: [UInt8], _ error: EventLogError) {
        #expect(throws: error) { try EventLog(parsing: bytes) }
    }

    @Test(.enabled(if: SharedData.isPresent), arguments: SampleLogs.names)
    func everyCutIsAnErrorWithItsOffsetOrAShorterLog(_ name: String) throws {
        let bytes = try SampleLogs.bytes(name)
        let whole = try EventLog(parsing: bytes)
        let ends = [0] + whole.events.map(\.data.upperBound)
        for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 500)) {
            do throws(EventLogError) {
                let log = try EventLog(parsing: Array(bytes.prefix(length)))
                #expect(log.events == Array(whole.events.prefix(log.events.count)), "cut to \(length) bytes")
                #expect(log.padding.lowerBound == ends[log.events.count])
            } catch {
                let last = try #require(ends.last { $0 <= length })
                #expect((last...length).contains(error.offset), "cut to \(length) bytes: \(error)")
            }
        }
    }

    @Test(.enabled(if: SharedData.isPresent), arguments: SampleLogs.names)
    func survivesFlippedBits(_ name: String) throws {
        let bytes = try SampleLogs.bytes(name)
        for step in 0..<10 {
            var spoilt = bytes
            // A prime stride, so that every field of a record is hit sooner or later.
            for index in stride(from: step * 7, to: bytes.count, by: 1009) { spoilt[index] ^= 1 << UInt8(step % 8) }
            let log: EventLog
            do throws(EventLogError) { log = try EventLog(parsing: spoilt) } catch {
                #expect((0...bytes.count).contains(error.offset))
                continue
            }
            let contents = log.events.map { log.content(of: $0) }
            #expect(try log.consistencies().count == contents.count)
        }
    }

    @Test func refusesSizesBeyondTheEnd() {
        var builder = LogBuilder(Self.sha256)
        builder.agile(pcr: 4, .separator, [(0x0B, Self.digest)], [0, 0, 0, 0])
        var bytes = builder.bytes
        for (size, needed) in [(UInt32(5), 5), (0x7FFF_FFFF, 0x7FFF_FFFF), (.max, 0xFFFF_FFFF)] {
            for index in 0..<4 { bytes[bytes.count - 8 + index] = UInt8(truncatingIfNeeded: size >> UInt32(8 * index)) }
            // What is left must not look like padding.
            bytes[bytes.count - 1] = 1
            reject(bytes, .bytes(.truncated(offset: bytes.count - 4, needed: needed, available: 4)))
        }
    }

    @Test func refusesDigestCountsThatTheHeaderDoesNotAllow() throws {
        for count in [0, 2] {
            var builder = LogBuilder(Self.sha256)
            builder.agile(pcr: 4, .separator, Array(repeating: (0x0B, Self.digest), count: count), [1])
            reject(builder.bytes, .digestCount(UInt32(count), offset: builder.starts[1] + 8))
        }
    }

    @Test func refusesADigestTwiceOrOfAnAlgorithmThatIsNotInTheHeader() {
        var builder = LogBuilder([(0x0B, 32), (0x0C, 48)])
        builder.agile(pcr: 4, .separator, [(0x0B, Self.digest), (0x0B, Self.digest)], [1])
        reject(builder.bytes, .doubledAlgorithm(0x0B, offset: builder.starts[1] + 12 + 34))
        var other = LogBuilder(Self.sha256)
        other.agile(pcr: 4, .separator, [(0x0D, Self.digest)], [1])
        reject(other.bytes, .unknownAlgorithm(0x0D, offset: other.starts[1] + 12))
    }

    @Test func refusesHeadersThatNoTPMHas() {
        // The algorithms begin behind the record's 32 bytes and the 28 before them.
        reject(LogBuilder([(0x0B, 20)]).bytes, .digestSize(algorithm: 0x0B, size: 20, offset: 60))
        reject(LogBuilder([(0x99, 0)]).bytes, .digestSize(algorithm: 0x99, size: 0, offset: 60))
        // Records of a digest of one byte would be 19 bytes long, and take 72 in memory.
        reject(LogBuilder([(0x99, 19)]).bytes, .digestSize(algorithm: 0x99, size: 19, offset: 60))
        reject(LogBuilder([(0x99, 65)]).bytes, .digestSize(algorithm: 0x99, size: 65, offset: 60))
        reject(LogBuilder([(0x0B, 32), (0x0B, 32)]).bytes, .doubledAlgorithm(0x0B, offset: 64))
        let many = (0..<17).map { (UInt16(0x100 + $0), UInt16(32)) }
        reject(LogBuilder(many).bytes, .algorithmCount(17, offset: 56))
    }

    @Test func refusesAPCRThatDoesNotExistUnlessNothingIsExtended() throws {
        var builder = LogBuilder(Self.sha256)
        builder.agile(pcr: 24, .noAction, [(0x0B, Self.digest)], [1])
        reject(builder.bytes, .pcrIndex(24, offset: builder.starts[1]))
        var extended = LogBuilder(Self.sha256)
        extended.agile(pcr: Event.unboundPCR, .action, [(0x0B, Self.digest)], [1])
        reject(extended.bytes, .pcrIndex(Event.unboundPCR, offset: extended.starts[1]))
        var unbound = LogBuilder(Self.sha256)
        unbound.agile(pcr: Event.unboundPCR, .noAction, [(0x0B, Self.digest)], [1])
        #expect(try EventLog(parsing: unbound.bytes).replay()[0].pcrs.isEmpty)
    }

    @Test(arguments: [UInt8(0), 0xFF]) func stopsAtPaddingButNotAtOtherBytes(_ filler: UInt8) throws {
        var builder = LogBuilder(Self.sha256)
        builder.agile(pcr: 4, .separator, [(0x0B, Self.digest)], [1])
        let padded = builder.bytes + [UInt8](repeating: filler, count: 511)
        let log = try EventLog(parsing: padded)
        #expect(log.events.count == 2)
        #expect(log.padding == builder.bytes.count..<padded.count)
        #expect(throws: EventLogError.self) { try EventLog(parsing: padded + [1]) }
    }

    /// A megabyte of records without data, and one path of a megabyte of empty nodes.
    @Test func takesLittleMemoryForManySmallParts() throws {
        var bytes: [UInt8] = []
        let record: [UInt8] = [4, 0, 0, 0, 4, 0, 0, 0] + [UInt8](repeating: 7, count: 20) + [0, 0, 0, 0]
        for _ in 0..<32768 { bytes += record }
        bytes += [1]
        #expect(throws: EventLogError.bytes(.truncated(offset: 1 << 20, needed: 4, available: 1))) {
            try EventLog(parsing: bytes)
        }
        #expect(MemoryLayout<Event>.stride <= 72)
        let nodes = [UInt8]((0..<1 << 18).flatMap { _ in [9, 9, 4, 0] as [UInt8] })
        var load = ByteWriter()
        for value in [0, 0, 0, UInt64(nodes.count)] { load.littleEndian(value) }
        let log = try LogBuilder.sha256(
            pcr: 4, .bootServicesApplication, Hexadecimal.encode(Self.digest), load.bytes + nodes)
        guard case .malformed = log.content(of: log.events[1]) else {
            Issue.record("a path of a quarter million nodes was read")
            return
        }
    }
}
