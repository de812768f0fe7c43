internal import BoundedBytes

/// The fields of the binary header in the order of the disk, not yet judged.
///
/// Source: LUKS2 On-Disk Format Specification 1.1, "Binary Header", `struct luks2_hdr_disk`.
struct BinaryHeader {
    /// What tells how much more to read.
    struct Preamble {
        let magic: [UInt8]  // 0x000
        let version: UInt16  // 0x006
        let byteCount: UInt64  // 0x008, hdr_size

        init(parsing bytes: [UInt8]) throws(ByteError) {
            var reader = ByteReader(bytes.span)
            try self.init(&reader)
        }

        fileprivate init(_ reader: inout ByteReader) throws(ByteError) {
            magic = try reader.bytes(6)
            version = try reader.bigEndian()
            byteCount = try reader.bigEndian()
        }
    }

    /// The whole field, of which SHA-256 uses the first 32 bytes.
    static let checksumField = 0x1C0..<0x200
    static let offsetField = 0x100..<0x108

    let sequenceID: UInt64  // 0x010
    let label: [UInt8]  // 0x018
    let checksumAlgorithm: [UInt8]  // 0x048
    let uuid: [UInt8]  // 0x0A8
    let subsystem: [UInt8]  // 0x0D0
    let offset: UInt64  // 0x100
    let checksum: [UInt8]  // 0x1C0

    /// Reads the binary header of a copy that says it is `byteCount` bytes long, and checks that it is.
    init(parsing bytes: [UInt8], byteCount: Int) throws(ByteError) {
        var reader = ByteReader(bytes.span)
        _ = try Preamble(&reader)
        sequenceID = try reader.bigEndian()
        label = try reader.bytes(48)
        checksumAlgorithm = try reader.bytes(32)
        // The salt only makes the two checksums differ.
        try reader.skip(64)
        uuid = try reader.bytes(40)
        subsystem = try reader.bytes(48)
        offset = try reader.bigEndian()
        try reader.reserved(184)
        checksum = try reader.bytes(32)
        try reader.reserved(32)
        try reader.reserved(HeaderCopy.binaryByteCount - Self.checksumField.upperBound)
        try reader.skip(to: byteCount)
        try reader.finish()
    }
}
