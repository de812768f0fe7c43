internal import COpenSSL

/// The few primitive values that certificate extensions hold. Each is nil where `bytes` are not exactly one of its kind.
public enum DERValue {
    /// A number that is not negative.
    public static func integer(_ bytes: [UInt8]) -> UInt64? {
        defer { ERR_clear_error() }
        let (parsed, used) = unsafe decodeDER(bytes) { unsafe d2i_ASN1_INTEGER(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { return nil }
        defer { unsafe ASN1_INTEGER_free(parsed) }
        var value: UInt64 = 0
        guard used == bytes.count, unsafe ASN1_INTEGER_get_uint64(&value, parsed) == 1 else { return nil }
        return value
    }

    /// An IA5String, which must be ASCII.
    public static func ia5String(_ bytes: [UInt8]) -> String? {
        defer { ERR_clear_error() }
        let (parsed, used) = unsafe decodeDER(bytes) { unsafe d2i_ASN1_IA5STRING(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { return nil }
        defer { unsafe ASN1_IA5STRING_free(parsed) }
        let characters = unsafe Cryptography.bytes(of: parsed)
        guard used == bytes.count, characters.allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(decoding: characters, as: UTF8.self)
    }

    public static func octetString(_ bytes: [UInt8]) -> [UInt8]? {
        defer { ERR_clear_error() }
        let (parsed, used) = unsafe decodeDER(bytes) { unsafe d2i_ASN1_OCTET_STRING(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { return nil }
        defer { unsafe ASN1_OCTET_STRING_free(parsed) }
        return used == bytes.count ? unsafe Cryptography.bytes(of: parsed) : nil
    }
}
