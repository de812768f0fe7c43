/// A part of the device that does not wrap around. Offsets and lengths in bytes from its start.
public struct Extent: Equatable, Sendable {
    public let offset: UInt64
    public let byteCount: UInt64
    /// The first byte behind it.
    public let end: UInt64

    /// Nil where the end is no 64-bit number.
    init?(offset: UInt64, byteCount: UInt64) {
        let (end, overflow) = offset.addingReportingOverflow(byteCount)
        guard !overflow else { return nil }
        self.offset = offset
        self.byteCount = byteCount
        self.end = end
    }

    func contains(_ other: Extent) -> Bool { offset <= other.offset && other.end <= end }

    func isAligned(to unit: UInt64) -> Bool { offset % unit == 0 && byteCount % unit == 0 }

    /// For messages.
    var text: String { "\(byteCount) bytes at \(offset)" }
}
