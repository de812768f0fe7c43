import BoundedBytes
import FileSystems
import Testing

struct MemoryVolumeTests {
    @Test func readsNothingBeyondAVolumeInMemory() throws {
        let volume = MemoryVolume([1, 2, 3])
        #expect(try volume.read(2, at: 1) == [2, 3])
        #expect(try volume.read(0, at: 3) == [])
        for (count, offset, left) in [(3, UInt64(1), 2), (1, 3, 0), (.max, 2, 1), (1, .max, 0)] {
            #expect(throws: ByteError.truncated(offset: Int(clamping: offset), needed: count, available: left)) {
                try volume.read(count, at: offset)
            }
        }
    }
}
