public import BoundedBytes

/// A file system whose bytes are all in memory.
public struct MemoryVolume: VolumeSource, Sendable {
    private let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var byteCount: UInt64 { UInt64(bytes.count) }

    public func read(_ count: Int, at offset: UInt64) throws(ByteError) -> [UInt8] {
        let start = Int(min(offset, byteCount))
        let left = bytes.count - start
        guard (0...left).contains(count) else {
            throw .truncated(offset: Int(clamping: offset), needed: count, available: left)
        }
        return Array(bytes[start..<start + count])
    }
}
