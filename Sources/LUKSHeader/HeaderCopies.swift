/// Both copies of a header as they were read, once, from a device: nothing is read a second time.
public struct HeaderCopies: Equatable, Sendable {
    public let primary: [UInt8]
    /// Empty where no secondary copy was found.
    public let secondary: [UInt8]

    public init(primary: [UInt8], secondary: [UInt8]) {
        self.primary = primary
        self.secondary = secondary
    }

    /// Reads both copies through `read`, which returns `count` bytes from `offset`, both in bytes, or fewer at
    /// the end of the device.
    ///
    /// The secondary copy is looked for where the primary ends. When the primary does not even begin like one,
    /// all nine places are tried, as libcryptsetup does, so that the error can tell one broken copy from two.
    public init<Failure: Error>(
        reading read: (_ offset: Int, _ count: Int) throws(Failure) -> [UInt8]
    ) throws(Failure) {
        let start = try read(0, HeaderCopy.binaryByteCount)
        let byteCount = Self.byteCount(start, .primary)
        primary = start + (try Self.rest(of: start, at: 0, byteCount, read))
        for offset in byteCount.map({ [$0] }) ?? HeaderCopy.allowedByteCounts {
            let start = try read(offset, HeaderCopy.binaryByteCount)
            if let byteCount = Self.byteCount(start, .secondary), byteCount == offset {
                secondary = start + (try Self.rest(of: start, at: offset, byteCount, read))
                return
            }
        }
        secondary = []
    }

    private static func byteCount(_ start: [UInt8], _ kind: HeaderCopy.Kind) -> Int? {
        do throws(HeaderDefect) {
            return try HeaderCopy.byteCount(ofCopyStarting: start, kind: kind)
        } catch {
            return nil
        }
    }

    private static func rest<Failure: Error>(
        of start: [UInt8], at offset: Int, _ byteCount: Int?, _ read: (Int, Int) throws(Failure) -> [UInt8]
    ) throws(Failure) -> [UInt8] {
        guard let byteCount, start.count == HeaderCopy.binaryByteCount else { return [] }
        return try read(offset + start.count, byteCount - start.count)
    }
}
