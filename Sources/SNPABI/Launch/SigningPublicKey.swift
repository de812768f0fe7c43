internal import BoundedBytes
public import Cryptography

/// A public key as launch structures have it: a point of P-384 in 1028 bytes, little-endian.
///
/// Source: AMD 56860, "Public Key Formats", ECDSA P-384: u32 curve, QX and QY of 72 bytes each, then zeros.
public struct SigningPublicKey: Equatable, Sendable {
    public static let byteCount = 0x404
    /// The identifier of P-384.
    static let p384: UInt32 = 2
    static let name = "ECDSA public key"

    /// The coordinates, 48 bytes each, big-endian. Whether they are a point of the curve is for the signature check.
    public var x: [UInt8]
    public var y: [UInt8]

    public init(x: [UInt8], y: [UInt8]) {
        self.x = x
        self.y = y
    }

    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require(Self.name, bytes, count: Self.byteCount)
        var reader = ByteReader(bytes.span)
        let curve: UInt32
        do throws(ByteError) {
            curve = try reader.integer()
            x = try reader.bytes(48).reversed()
            try reader.reserved(24)
            y = try reader.bytes(48).reversed()
            try reader.reserved(24)
            try reader.reserved(reader.remaining)
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard curve == Self.p384 else { throw SNPFormatError(Self.name, .value(field: "CURVE", UInt64(curve))) }
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(Self.p384)
        for coordinate in [x, y] {
            writer.fixed(coordinate.reversed(), 48)
            writer.zeros(24)
        }
        writer.zeros(to: Self.byteCount)
        return writer.bytes
    }

    /// SHA-384 over all 1028 bytes: ID_KEY_DIGEST or AUTHOR_KEY_DIGEST of reports.
    public func digest() throws(CryptographyError) -> [UInt8] { try DigestAlgorithm.sha384.hash(encoded()) }
}
