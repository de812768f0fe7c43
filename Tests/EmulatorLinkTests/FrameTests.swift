import EmulatorLink
import Testing

@Suite struct FrameTests {
    @Test func countsItsBodyInLittleEndian() {
        #expect(Frame.encode([7, 8, 9]) == [3, 0, 0, 0, 7, 8, 9])
        #expect(
            Frame.encode([UInt8](repeating: 5, count: 0x10000)) == [0, 0, 1, 0] + [UInt8](repeating: 5, count: 0x10000))
    }

    @Test func isFoundHoweverTheBytesCome() throws {
        let bodies: [[UInt8]] = [[1], Array(0...255), [2, 3]]
        let stream = bodies.flatMap(Frame.encode)
        for size in 1...stream.count {
            var reader = FrameReader()
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                found += try reader.take(stream[start..<min(start + size, stream.count)])
            }
            #expect(found == bodies, "in pieces of \(size) bytes")
            #expect(!reader.isInsideFrame)
        }
    }

    @Test func waitsForTheRestOfIt() throws {
        let frame = Frame.encode([1, 2, 3])
        for count in 1..<frame.count {
            var reader = FrameReader()
            #expect(try reader.take(frame[..<count]).isEmpty)
            #expect(reader.isInsideFrame, "after \(count) bytes")
            #expect(try reader.take(frame[count...]) == [[1, 2, 3]])
        }
    }

    @Test(arguments: [UInt32(0), 0x10001, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF])
    func refusesALengthThatIsNone(_ count: UInt32) {
        let header = (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * UInt32($0))) }
        var reader = FrameReader()
        #expect(throws: LinkError.frame(byteCount: count)) { try reader.take(header + [1, 2, 3]) }
        // Behind a frame that is one, too.
        var second = FrameReader()
        #expect(throws: LinkError.frame(byteCount: count)) { try second.take(Frame.encode([9]) + header) }
    }
}
