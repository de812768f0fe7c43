internal import BoundedBytes

/// How messages lie on a port: 32 bits, little-endian, that count the bytes of the body, then the body.
public enum Frame {
    /// Longest body, in bytes. No message needs as many.
    public static let longest = 0x10000
    static let headerByteCount = 4

    /// - Parameter body: 1 to `longest` bytes; another number is the caller's mistake.
    public static func encode(_ body: [UInt8]) -> [UInt8] {
        precondition(!body.isEmpty && body.count <= longest)
        var writer = ByteWriter()
        writer.littleEndian(UInt32(body.count))
        writer.append(body)
        return writer.bytes
    }
}

/// Finds the frames in what comes from a port, in pieces of any size.
public struct FrameReader: Sendable {
    private var pending: [UInt8] = []

    public init() {}

    /// Whether a part of a frame is still to come.
    public var isInsideFrame: Bool { !pending.isEmpty }

    /// Takes what a read gave.
    ///
    /// - Returns: the bodies of the frames that are whole now.
    /// - Throws: `.frame` for a length that is none. Nothing after it can be read: the reader is of no more use.
    public mutating func take(_ bytes: some Collection<UInt8>) throws(LinkError) -> [[UInt8]] {
        pending += bytes
        var bodies: [[UInt8]] = []
        var start = 0
        while pending.count - start >= Frame.headerByteCount {
            let header = pending[start..<start + Frame.headerByteCount]
            let count = header.reversed().reduce(0) { $0 << 8 | UInt32($1) }
            guard count > 0, count <= UInt32(Frame.longest) else { throw .frame(byteCount: count) }
            let body = start + Frame.headerByteCount
            guard pending.count - body >= Int(count) else { break }
            start = body + Int(count)
            bodies.append(Array(pending[body..<start]))
        }
        pending.removeFirst(start)
        return bodies
    }
}
