internal import Cryptography
internal import JSON

/// A keyslot of type `luks2` that holds the 64 bytes of the volume key.
public struct Keyslot: Equatable, Sendable {
    public let id: Int
    /// Where its key material lies on the device.
    public let area: Extent
    public let kdf: KeyDerivationCost

    /// Source: LUKS2 specification, section 3.2.1: each stripe is as long as the key.
    private static let stripes = 4000

    init(_ reader: consuming MetadataReader, id: Int) throws(HeaderError) {
        var reader = reader
        self.id = id
        try reader.only("luks2", "type", .keyslotType)
        let size = Segment.keyByteCount...Segment.keyByteCount
        _ = try reader.integer("key_size", in: size, .keyslotKeySize)
        if let priority = reader.optional("priority"), ![0, 1, 2].contains(priority.integer) {
            throw .refused(.keyslotPriority, object: reader.path(of: "priority"), found: priority.compact)
        }
        try Self.checkAntiForensicSplit(reader.object("af"))
        area = try Self.area(reader.object("area"))
        kdf = try KeyDerivationCost(reader.object("kdf"))
        try reader.finish()
    }

    private static func checkAntiForensicSplit(_ reader: consuming MetadataReader) throws(HeaderError) {
        var reader = reader
        try reader.only("luks1", "type", .keyslotAF)
        _ = try reader.integer("stripes", in: stripes...stripes, .keyslotAF)
        _ = try reader.hash("hash", .keyslotAF)
        try reader.finish()
    }

    private static func area(_ reader: consuming MetadataReader) throws(HeaderError) -> Extent {
        var reader = reader
        let path = reader.path
        try reader.only("raw", "type", .keyslotAreaType)
        try reader.only(Segment.encryption, "encryption", .keyslotAreaEncryption)
        let keySize = try reader.integer("key_size")
        guard keySize == 32 || keySize == 64 else {
            throw .refused(.keyslotAreaKeySize, object: reader.path(of: "key_size"), found: "\(keySize)")
        }
        let offset = try reader.decimal("offset")
        let size = try reader.decimal("size")
        try reader.finish()
        guard let area = Extent(offset: offset, byteCount: size) else {
            throw .refused(.keyslotAreaBounds, object: path, found: "\(size) bytes at \(offset)")
        }
        guard area.isAligned(to: 4096) else { throw .refused(.keyslotAreaAlignment, object: path, found: area.text) }
        guard size >= UInt64(Segment.keyByteCount * stripes) else {
            throw .refused(.keyslotAreaSize, object: path, found: area.text)
        }
        return area
    }
}
