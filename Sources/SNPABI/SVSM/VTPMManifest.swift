internal import BoundedBytes

/// The manifest of an SVSM's vTPM, version 0: TPMT_PUBLIC of the endorsement key that the default template gives,
/// RSA-2048, 314 bytes, big-endian.
///
/// Source: AMD 58019, "vTPM Protocol"; TCG EK Credential Profile 2.5, section B.3.3, template L-1; TCG TPM 2.0 Library,
/// Part 2, section 12.2.4.
public struct VTPMManifest: Equatable, Sendable {
    public static let version: UInt32 = 0
    public static let byteCount = 58 + modulusByteCount
    public static let modulusByteCount = 256
    static let name = "vTPM manifest"

    /// Big-endian. The exponent is 65537.
    public let modulus: [UInt8]

    /// - Parameter modulus: 256 bytes.
    public init(modulus: [UInt8]) { self.modulus = modulus }

    /// Reads the key. One that is not of the template is refused: it would not be an endorsement key.
    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require(Self.name, bytes, count: Self.byteCount)
        let template = Self.template
        for offset in template.indices where bytes[offset] != template[offset] {
            throw SNPFormatError(Self.name, .value(field: "byte " + String(offset), UInt64(bytes[offset])))
        }
        modulus = Array(bytes[template.count...])
        // An RSA-2048 modulus has its first bit set, and is odd.
        guard let first = modulus.first, let last = modulus.last, first & 0x80 != 0, last & 1 == 1 else {
            throw SNPFormatError(Self.name, .missing("modulus"))
        }
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(Self.template)
        writer.fixed(modulus, Self.modulusByteCount)
        return writer.bytes
    }

    /// All of the template before the modulus.
    private static var template: [UInt8] {
        var area = ByteWriter()
        area.bigEndian(UInt16(0x0001))  // TPM_ALG_RSA
        area.bigEndian(UInt16(0x000B))  // nameAlg: TPM_ALG_SHA256
        // fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt
        area.bigEndian(UInt32(0x0003_00B2))
        area.bigEndian(UInt16(32))
        // TPM2_PolicySecret of the endorsement hierarchy, in four pieces.
        area.bigEndian(0x8371_9767_4484_B3F8 as UInt64)
        area.bigEndian(0x1A90_CC8D_46A5_D724 as UInt64)
        area.bigEndian(0xFD52_D76E_0652_0B64 as UInt64)
        area.bigEndian(0xF2A1_DA1B_3314_69AA as UInt64)
        area.bigEndian(UInt16(0x0006))  // TPM_ALG_AES
        area.bigEndian(UInt16(128))
        area.bigEndian(UInt16(0x0043))  // TPM_ALG_CFB
        area.bigEndian(UInt16(0x0010))  // no scheme: TPM_ALG_NULL
        area.bigEndian(UInt16(2048))
        area.bigEndian(UInt32(0))  // exponent 65537
        area.bigEndian(UInt16(modulusByteCount))
        return area.bytes
    }
}
