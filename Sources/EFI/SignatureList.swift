public import BoundedBytes

/// One EFI_SIGNATURE_LIST: signatures of one type and one size.
///
/// Source: UEFI specification 2.10, section 32.4.1. Integers are little-endian.
public struct SignatureList: Equatable, Sendable {
    public let type: GUID
    /// Of all known types it is empty.
    public let header: [UInt8]
    public let signatures: [Signature]

    /// One EFI_SIGNATURE_DATA.
    public struct Signature: Equatable, Sendable {
        /// Who put it there.
        public let owner: GUID
        /// A digest, or a certificate in DER, or a TBS digest and an EFI_TIME.
        public let data: [UInt8]
    }

    /// EFI_CERT_*_GUID.
    public static let sha256 = GUID(0xc1c4_1626, 0x504c, 0x4092, 0xaca9, 0x41f9_3693_4328)
    public static let sha384 = GUID(0xff3e_5307, 0x9fd0, 0x48c9, 0x85f1, 0x8ad5_6c70_1e01)
    public static let sha512 = GUID(0x093e_0fae, 0xa6c4, 0x4f50, 0x9f1b, 0xd41e_2b89_c19a)
    public static let x509 = GUID(0xa5c0_59a1, 0x94e4, 0x4aa7, 0x87b5, 0xab15_5c2b_f072)
    public static let x509SHA256 = GUID(0x3bd2_a492, 0x96c0, 0x4079, 0xb420, 0xfcf9_8ef1_03ed)
    public static let x509SHA384 = GUID(0x7076_876e, 0x80c2, 0x4ee6, 0xaad2, 0x28b3_49a6_865b)
    public static let x509SHA512 = GUID(0x446d_bf63, 0x2502, 0x4cda, 0xbcfa, 0x2465_d2b0_fe9d)

    /// Reads a signature database: lists one behind the other, to the end of `bytes`.
    public static func parseAll(_ bytes: [UInt8]) throws(EFIError) -> [SignatureList] {
        var reader = ByteReader(bytes.span)
        var lists: [SignatureList] = []
        while reader.remaining > 0 { lists.append(try SignatureList(parsing: &reader)) }
        return lists
    }

    private init(parsing reader: inout ByteReader) throws(EFIError) {
        let start = reader.offset
        var (listSize, headerSize, signatureSize): (UInt32, UInt32, UInt32) = (0, 0, 0)
        type = try parsing(.signatureList) { () throws(ByteError) in
            let type = try reader.guid()
            listSize = try reader.integer()
            headerSize = try reader.integer()
            signatureSize = try reader.integer()
            return type
        }
        guard listSize >= 28, Int(listSize) - 28 <= reader.remaining else {
            throw .range(.signatureList, field: "SignatureListSize", offset: start, count: Int(listSize))
        }
        guard Int(headerSize) <= Int(listSize) - 28 else {
            throw .range(.signatureList, field: "SignatureHeaderSize", offset: start, count: Int(headerSize))
        }
        let bodySize = Int(listSize) - 28 - Int(headerSize)
        let isKnownSize = Self.dataByteCount(of: type).map { $0 + 16 == Int(signatureSize) } ?? (signatureSize > 16)
        guard isKnownSize, bodySize % Int(signatureSize) == 0 else {
            throw .value(.signatureList, field: "SignatureSize", offset: start + 24, value: UInt64(signatureSize))
        }
        (header, signatures) = try parsing(.signatureList) { () throws(ByteError) in
            let header = try reader.bytes(Int(headerSize))
            var signatures: [Signature] = []
            signatures.reserveCapacity(bodySize / Int(signatureSize))
            for _ in 0..<bodySize / Int(signatureSize) {
                let owner = try reader.guid()
                signatures.append(Signature(owner: owner, data: try reader.bytes(Int(signatureSize) - 16)))
            }
            return (header, signatures)
        }
    }

    /// Length of the data of a type that has only one, in bytes; X.509 hashes have an EFI_TIME of 16 bytes behind them.
    private static func dataByteCount(of type: GUID) -> Int? {
        switch type {
        case sha256: 32
        case sha384: 48
        case sha512: 64
        case x509SHA256: 48
        case x509SHA384: 64
        case x509SHA512: 80
        default: nil
        }
    }
}
