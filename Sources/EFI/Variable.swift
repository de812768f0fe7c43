public import BoundedBytes

/// One UEFI variable.
public struct Variable: Equatable, Sendable {
    public let name: String
    public let vendor: GUID
    /// EFI_VARIABLE_NON_VOLATILE 1, BOOTSERVICE_ACCESS 2, RUNTIME_ACCESS 4 and so on.
    public let attributes: UInt32
    public let data: [UInt8]

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
