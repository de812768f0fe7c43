import BoundedBytes
import Testing

@Suite struct ByteReaderTests {
    @Test func readsBothByteOrders() throws {
        let bytes: [UInt8] = [0x01, 0x02, 0x03, 0x04, 0x01, 0x02, 0x03, 0x04]
        var reader = ByteReader(bytes.span)
        let little: UInt32 = try reader.integer()
        let big: UInt32 = try reader.bigEndian()
        try reader.finish()
        #expect(little == 0x0403_0201)
        #expect(big == 0x0102_0304)
    }

    @Test func aFailedReadSaysWhereAndMovesNothing() {
        let bytes: [UInt8] = [1, 2, 3]
        var reader = ByteReader(bytes.span)
        var caught: ByteError?
        do throws(ByteError) {
            try reader.skip(1)
            let _: UInt32 = try reader.integer()
        } catch { caught = error }
        let offset = reader.offset
        #expect(caught == .truncated(offset: 1, needed: 4, available: 2))
        #expect(offset == 1)
    }

    @Test func neverSkipsBackwards() {
        let bytes: [UInt8] = [1, 2, 3]
        var reader = ByteReader(bytes.span)
        var caught: ByteError?
        do throws(ByteError) {
            try reader.skip(2)
            try reader.skip(to: 1)
        } catch { caught = error }
        #expect(caught == .truncated(offset: 2, needed: -1, available: 1))
    }
}
