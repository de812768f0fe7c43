internal import BoundedBytes
public import Cryptography

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
    /// The secondary copy is what stands where the primary ends. When the primary is broken, its length cannot be
    /// relied upon: all nine places are tried, as libcryptsetup does.
    public init<Failure: Error>(
        reading read: (_ offset: Int, _ count: Int) throws(Failure) -> [UInt8]
    ) throws(Failure) {
        let start = try read(0, HeaderCopy.binaryByteCount)
        primary = start + (try Self.rest(of: start, at: 0, Self.byteCount(start, .primary), read))
        if Self.isSound(primary) {
            let offset = primary.count
            let start = try read(offset, HeaderCopy.binaryByteCount)
            secondary = start + (try Self.rest(of: start, at: offset, Self.byteCount(start, .secondary), read))
            return
        }
        for offset in HeaderCopy.allowedByteCounts {
            let start = try read(offset, HeaderCopy.binaryByteCount)
            if let byteCount = Self.byteCount(start, .secondary), byteCount == offset {
                secondary = start + (try Self.rest(of: start, at: offset, byteCount, read))
                return
            }
        }
        secondary = []
    }

    private static func isSound(_ primary: [UInt8]) -> Bool {
        do throws(HeaderDefect) {
            _ = try HeaderCopy(parsing: primary, kind: .primary)
            return true
        } catch {
            return false
        }
    }

    /// Both copies as libcryptsetup would have written them from the one of kind `source`, so that whoever reads
    /// them need not choose again.
    public func restored(from source: HeaderCopy.Kind) throws(CryptographyError) -> HeaderCopies {
        let sound = source == .primary ? primary : secondary
        return HeaderCopies(
            primary: try Self.copy(of: sound, as: .primary), secondary: try Self.copy(of: sound, as: .secondary))
    }

    /// - Parameter sound: a copy that was read before, so it is longer than a binary header.
    private static func copy(of sound: [UInt8], as kind: HeaderCopy.Kind) throws(CryptographyError) -> [UInt8] {
        var copy = sound
        copy.replaceSubrange(0..<kind.magic.count, with: kind.magic)
        var offset = ByteWriter()
        offset.bigEndian(kind == .primary ? UInt64(0) : UInt64(sound.count))
        copy.replaceSubrange(BinaryHeader.offsetField, with: offset.bytes)
        // The rest of the field, behind the 32 bytes of SHA-256, is zero in a copy that was read.
        let field = BinaryHeader.checksumField.lowerBound
        let digest = try HeaderCopy.checksum(of: copy)
        copy.replaceSubrange(field..<field + digest.count, with: digest)
        return copy
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
