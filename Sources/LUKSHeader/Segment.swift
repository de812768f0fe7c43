internal import JSON

/// The encrypted data: the one segment, of type `crypt`, encrypted with `aes-xts-plain64`.
public struct Segment: Equatable, Sendable {
    public static let encryption = "aes-xts-plain64"
    /// Two AES-256 keys.
    public static let keyByteCount = 64

    public let id: Int
    /// Where the data lie on the device. A `dynamic` size is counted to the device's end.
    public let extent: Extent
    /// 512 or 4096.
    public let sectorByteCount: Int

    init(_ reader: consuming MetadataReader, id: Int, deviceByteCount: UInt64) throws(HeaderError) {
        var reader = reader
        let path = reader.path
        self.id = id
        // Flags mark what a reencryption left over; they come with other types, so they are named first.
        if let flags = reader.optional("flags") {
            throw .refused(.segmentFlags, object: reader.path(of: "flags"), found: flags.compact)
        }
        try reader.only("crypt", "type", .segmentType)
        if let integrity = reader.optional("integrity") {
            throw .refused(.segmentIntegrity, object: reader.path(of: "integrity"), found: integrity.compact)
        }
        try reader.only(Self.encryption, "encryption", .segmentEncryption)
        let sector = try reader.integer("sector_size")
        guard sector == 512 || sector == 4096 else {
            throw .refused(.segmentSectorSize, object: reader.path(of: "sector_size"), found: "\(sector)")
        }
        sectorByteCount = Int(sector)
        try reader.only("0", "iv_tweak", .segmentIVTweak)
        let offset = try reader.decimal("offset")
        extent = try Self.extent(&reader, offset: offset, deviceByteCount: deviceByteCount)
        guard extent.isAligned(to: UInt64(sectorByteCount)) else {
            throw .refused(.segmentAlignment, object: path, found: extent.text)
        }
        try reader.finish()
    }

    private static func extent(
        _ reader: inout MetadataReader, offset: UInt64, deviceByteCount: UInt64
    ) throws(HeaderError) -> Extent {
        let path = reader.path
        let size: UInt64? = try reader.peek("size") == .string("dynamic") ? nil : reader.decimal("size")
        guard offset < deviceByteCount else {
            throw .refused(.segmentOutsideDevice, object: path, found: "offset \(offset) of \(deviceByteCount)")
        }
        let room = deviceByteCount - offset
        guard let extent = Extent(offset: offset, byteCount: size ?? room), extent.byteCount > 0,
            extent.byteCount <= room
        else { throw .refused(.segmentOutsideDevice, object: path, found: "size \(size ?? 0) of \(room)") }
        return extent
    }
}
