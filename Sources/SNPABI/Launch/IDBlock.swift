internal import BoundedBytes

/// ID_BLOCK: what the guest's owner says that it must be, 96 bytes, little-endian. The ID key signs all of them.
///
/// Source: AMD 56860, SNP_LAUNCH_FINISH, table "Structure of the ID Block".
public struct IDBlock: Equatable, Sendable {
    public static let byteCount = 0x60
    static let name = "ID_BLOCK"
    static let version: UInt32 = 1

    /// 48 bytes.
    public var launchDigest: [UInt8]  // 0x00
    public var familyID: [UInt8]  // 0x30, 16 bytes
    public var imageID: [UInt8]  // 0x40, 16 bytes
    public var guestSVN: UInt32  // 0x54
    public var policy: GuestPolicy  // 0x58

    public init(
        launchDigest: [UInt8], policy: GuestPolicy, familyID: [UInt8] = [UInt8](repeating: 0, count: 16),
        imageID: [UInt8] = [UInt8](repeating: 0, count: 16), guestSVN: UInt32 = 0
    ) {
        self.launchDigest = launchDigest
        self.familyID = familyID
        self.imageID = imageID
        self.guestSVN = guestSVN
        self.policy = policy
    }

    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require(Self.name, bytes, count: Self.byteCount)
        var reader = ByteReader(bytes.span)
        let version: UInt32
        do throws(ByteError) {
            launchDigest = try reader.bytes(48)
            familyID = try reader.bytes(16)
            imageID = try reader.bytes(16)
            version = try reader.integer()
            guestSVN = try reader.integer()
            policy = GuestPolicy(rawValue: try reader.integer())
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard version == Self.version else { throw SNPFormatError(Self.name, .version(version)) }
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(launchDigest, 48)
        writer.fixed(familyID, 16)
        writer.fixed(imageID, 16)
        writer.littleEndian(Self.version)
        writer.littleEndian(guestSVN)
        writer.littleEndian(policy.rawValue)
        return writer.bytes
    }
}
