internal import BoundedBytes

/// PAGE_INFO: 112 bytes, of which the SHA-384 is the launch digest after one more page.
///
/// Source: AMD 56860, SNP_LAUNCH_UPDATE, table "Layout of the PAGE_INFO Structure".
public struct PageInfo: Equatable, Sendable {
    public static let byteCount = 0x70

    /// The launch digest before this page, 48 bytes.
    public var digest: [UInt8]  // 0x00
    /// SHA-384 of the page; zeros where its contents are not measured.
    public var contents: [UInt8]  // 0x30
    public var type: LaunchPageType  // 0x62
    /// Belongs to the image of a migration agent.
    public var isMigrationImage = false  // 0x63
    public var permissions: LaunchPermissions  // 0x64
    public var address: UInt64  // 0x68

    public init(
        digest: [UInt8], contents: [UInt8], type: LaunchPageType, permissions: LaunchPermissions, address: UInt64
    ) {
        self.digest = digest
        self.contents = contents
        self.type = type
        self.permissions = permissions
        self.address = address
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(digest, LaunchDigest.byteCount)
        writer.fixed(contents, LaunchDigest.byteCount)
        writer.littleEndian(UInt16(Self.byteCount))
        writer.append([type.rawValue, isMigrationImage ? 1 : 0])
        writer.append([permissions.vmpl3, permissions.vmpl2, permissions.vmpl1, 0])
        writer.littleEndian(address)
        return writer.bytes
    }
}
