internal import BoundedBytes

/// UEFI_IMAGE_LOAD_EVENT: an image that the firmware, or shim, has loaded.
///
/// Source: TCG PC Client Platform Firmware Profile 1.06, section 10.4.4.
public struct ImageLoad: Equatable, Sendable {
    /// Address in memory.
    public let address: UInt64  // 0
    /// Length in memory, in bytes.
    public let byteCount: UInt64  // 8
    public let linkTimeAddress: UInt64  // 16
    public let path: DevicePath  // 32

    /// Bytes that shim leaves behind the path, out of its own buffer: it counts the padding of a C structure, and its
    /// older versions one byte more.
    private static let shimPadding = 8...9

    init(_ bytes: [UInt8], _ data: Range<Int>) throws(ByteError) {
        var reader = ByteReader(bytes.span.extracting(0..<data.upperBound))
        try reader.skip(to: data.lowerBound)
        address = try reader.integer()
        byteCount = try reader.integer()
        linkTimeAddress = try reader.integer()
        let pathBytes: UInt64 = try reader.integer()
        let start = reader.offset
        try reader.skip(Int(clamping: pathBytes))
        path = try DevicePath(bytes, start..<reader.offset)
        guard !Self.shimPadding.contains(reader.remaining) else { return }
        try reader.finish()
    }
}
