internal import BoundedBytes

/// One WIN_CERTIFICATE of a certificate table.
///
/// Sources: Microsoft, "PE Format", "The Attribute Certificate Table"; UEFI 2.10, section 32.2.4. Little-endian.
public struct AttributeCertificate: Equatable, Sendable {
    /// wCertificateType: 2 for PKCS#7, 0x0EF1 for one that a GUID names.
    public let type: UInt16
    /// What is behind the header of eight bytes; a PKCS#7 message for `type` 2.
    public let content: [UInt8]

    /// WIN_CERT_TYPE_PKCS_SIGNED_DATA: the only kind that signs images today.
    public var isPKCS7: Bool { type == 2 }

    /// Reads all of a table: entries begin at multiples of eight.
    public static func parseTable(_ bytes: [UInt8]) throws(EFIError) -> [AttributeCertificate] {
        var reader = ByteReader(bytes.span)
        var certificates: [AttributeCertificate] = []
        while reader.remaining > 0 {
            let start = reader.offset
            let (length, revision, type) = try parsing(.certificateTable) { () throws(ByteError) in
                let (length, revision, type): (UInt32, UInt16, UInt16)
                length = try reader.integer()
                revision = try reader.integer()
                type = try reader.integer()
                return (length, revision, type)
            }
            guard length > 8 else {
                throw .value(.certificateTable, field: "dwLength", offset: start, value: UInt64(length))
            }
            guard revision == 0x0200 else {
                throw .value(.certificateTable, field: "wRevision", offset: start + 4, value: UInt64(revision))
            }
            let content = try parsing(.certificateTable) { () throws(ByteError) in
                let content = try reader.bytes(Int(length) - 8)
                // The last entry need not be filled up.
                try reader.reserved(min((8 - reader.offset % 8) % 8, reader.remaining))
                return content
            }
            certificates.append(AttributeCertificate(type: type, content: content))
        }
        return certificates
    }
}
