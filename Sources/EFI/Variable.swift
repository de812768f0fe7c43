public import BoundedBytes

/// One UEFI variable.
public struct Variable: Equatable, Sendable {
    public let name: String
    public let vendor: GUID
    /// EFI_VARIABLE_NON_VOLATILE 1, BOOTSERVICE_ACCESS 2, RUNTIME_ACCESS 4 and so on.
    public let attributes: UInt32
    public let data: [UInt8]

    /// EFI_GLOBAL_VARIABLE, of PK, KEK, SecureBoot and the boot options.
    public static let global = GUID(0x8be4_df61, 0x93ca, 0x11d2, 0xaa0d, 0x00e0_9803_2b8c)
    /// EFI_IMAGE_SECURITY_DATABASE_GUID, of db and dbx.
    public static let imageSecurity = GUID(0xd719_b2cb, 0x3d3a, 0x4596, 0xa3bc, 0xdad0_0e67_656f)
    /// SHIM_LOCK_GUID, of MokList and SbatLevel.
    public static let shim = GUID(0x605d_ab50, 0xe046, 0x4300, 0xabb6, 0x3dd8_10dd_8b23)

    init(name: String, vendor: GUID, attributes: UInt32, data: [UInt8]) {
        self.name = name
        self.vendor = vendor
        self.attributes = attributes
        self.data = data
    }

    /// Reads a file of efivarfs: `NAME-GUID`, of which the content is 32 bits of attributes and the data.
    ///
    /// Source: Linux, `Documentation/filesystems/efivarfs.rst` and `fs/efivarfs/file.c`.
    public init(efivarfsFile fileName: String, content: [UInt8]) throws(EFIError) {
        let bytes = Array(fileName.utf8)
        let split = max(0, bytes.count - 37)
        guard split > 0, bytes[split] == 0x2D, let name = String(bytes: bytes[..<split]),
            let vendor = GUID(String(decoding: bytes[(split + 1)...], as: UTF8.self))
        else { throw .value(.variable, field: "length of the file name", offset: 0, value: UInt64(bytes.count)) }
        var reader = ByteReader(content.span)
        self.name = name
        self.vendor = vendor
        (attributes, data) = try parsing(.variable) { () throws(ByteError) in
            let attributes: UInt32 = try reader.integer()
            return (attributes, try reader.bytes(reader.remaining))
        }
    }
}

extension String {
    /// The UTF-8 text, or nil where it is none.
    fileprivate init?(bytes: ArraySlice<UInt8>) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes) else { return nil }
        self = text
    }
}
