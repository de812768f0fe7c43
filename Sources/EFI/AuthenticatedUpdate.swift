internal import BoundedBytes

/// A signed new value of db, dbx, KEK or PK, as vendors publish it: EFI_VARIABLE_AUTHENTICATION_2 and the value.
///
/// Source: UEFI specification 2.10, section 8.2.2. Integers are little-endian. The signature is the firmware's to
/// check; here it is only found.
public struct AuthenticatedUpdate: Equatable, Sendable {
    /// EFI_TIME, 16 bytes: firmware takes no update that is older than the last.
    public let timestamp: [UInt8]
    /// The PKCS#7 message over name, GUID, attributes, time and value.
    public let signature: [UInt8]
    /// The new value; of db, dbx and KEK signature lists.
    public let payload: [UInt8]

    public init(parsing bytes: [UInt8]) throws(EFIError) {
        var reader = ByteReader(bytes.span)
        var (length, revision, type): (UInt32, UInt16, UInt16) = (0, 0, 0)
        var guid = Self.pkcs7
        timestamp = try parsing(.update) { () throws(ByteError) in
            let timestamp = try reader.bytes(16)
            length = try reader.integer()
            revision = try reader.integer()
            type = try reader.integer()
            guid = try reader.guid()
            return timestamp
        }
        guard revision == 0x0200 else {
            throw .value(.update, field: "wRevision", offset: 20, value: UInt64(revision))
        }
        guard type == 0x0EF1, guid == Self.pkcs7 else {
            throw .value(.update, field: "wCertificateType", offset: 22, value: UInt64(type))
        }
        guard length > 24 else { throw .value(.update, field: "dwLength", offset: 16, value: UInt64(length)) }
        signature = try parsing(.update) { () throws(ByteError) in try reader.bytes(Int(length) - 24) }
        payload = try parsing(.update) { () throws(ByteError) in try reader.bytes(reader.remaining) }
    }

    /// EFI_CERT_TYPE_PKCS7_GUID.
    private static let pkcs7 = GUID(0x4aaf_d29d, 0x68df, 0x49ee, 0x8aa9, 0x347d_3756_65a7)
}
