internal import COpenSSL

extension X509Certificate {
    /// When a certificate or a list of revocations counts: both ends belong to it, in seconds since 1970.
    public struct Validity: Equatable, Sendable {
        public let notBefore: Int64
        /// nil where the list does not say when the next one comes.
        public let notAfter: Int64?

        public init(notBefore: Int64, notAfter: Int64?) {
            self.notBefore = notBefore
            self.notAfter = notAfter
        }
    }

    /// What a public key is good for here.
    public enum KeyKind: Equatable, Sendable {
        case rsa(bits: Int)
        case ellipticP384
        case other
    }

    /// One extension as it stands in the certificate: object identifier in dotted form, and the bytes inside extnValue.
    public struct Extension: Equatable, Sendable {
        public let identifier: String
        public let isCritical: Bool
        public let value: [UInt8]
    }

    /// Hexadecimal digits without leading zeros; `-` before a negative one.
    public var serialNumber: String { unsafe Self.digits(X509_get0_serialNumber(certificate)) }

    /// nil where the dates are none.
    public var validity: Validity? {
        guard let notBefore = unsafe Self.seconds(X509_get0_notBefore(certificate)),
            let notAfter = unsafe Self.seconds(X509_get0_notAfter(certificate))
        else { return nil }
        return Validity(notBefore: notBefore, notAfter: notAfter)
    }

    public var keyKind: KeyKind {
        guard let key = unsafe X509_get0_pubkey(certificate) else { return .other }
        if unsafe EVP_PKEY_is_a(key, "RSA") == 1 { return .rsa(bits: Int(unsafe EVP_PKEY_get_bits(key))) }
        var (name, length) = ([CChar](repeating: 0, count: 32), 0)
        guard unsafe EVP_PKEY_is_a(key, "EC") == 1,
            unsafe EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1,
            unsafe OBJ_txt2nid(name) == NID_secp384r1
        else { return .other }
        return .ellipticP384
    }

    /// All extensions, in their order. The value of an unknown one may be no DER.
    public var extensions: [Extension] {
        unsafe (0..<max(0, X509_get_ext_count(certificate))).compactMap { index in
            guard let entry = unsafe X509_get_ext(certificate, index),
                let value = unsafe X509_EXTENSION_get_data(entry)
            else { return nil }
            return Extension(
                identifier: unsafe objectIdentifier(X509_EXTENSION_get_object(entry)),
                isCritical: unsafe X509_EXTENSION_get_critical(entry) == 1, value: unsafe bytes(of: value))
        }
    }

    /// Whether it may issue certificates: basic constraints say so, and key usage, where it is said, does not deny it.
    /// Source: RFC 5280, sections 4.2.1.3 and 4.2.1.9.
    public var isAuthority: Bool {
        let flags = unsafe X509_get_extension_flags(certificate)
        let usage = unsafe X509_get_key_usage(certificate)
        return flags & UInt32(EXFLAG_CA) != 0 && flags & UInt32(EXFLAG_INVALID) == 0
            && usage & UInt32(KU_KEY_CERT_SIGN) != 0
    }

    /// How many authorities may stand between it and the last certificate; nil where nothing is said.
    public var pathLength: Int? {
        let length = unsafe X509_get_pathlen(certificate)
        return length < 0 ? nil : length
    }

    /// Whether an extension is marked as critical that libcrypto does not know, so that nobody may rely on the rest.
    public var hasUnknownCriticalExtension: Bool {
        unsafe X509_get_extension_flags(certificate) & UInt32(EXFLAG_CRITICAL) != 0
    }

    /// SHA-256 of the DER.
    public func fingerprint() throws(CryptographyError) -> [UInt8] {
        var encoded: UnsafeMutablePointer<UInt8>?
        let length = unsafe i2d_X509(certificate, &encoded)
        defer { unsafe CRYPTO_free(encoded, nil, 0) }
        return try unsafe Self.hash(encoded, length)
    }

    /// SHA-256 of the DER of SubjectPublicKeyInfo.
    public func keyFingerprint() throws(CryptographyError) -> [UInt8] {
        var encoded: UnsafeMutablePointer<UInt8>?
        let length = unsafe i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded)
        defer { unsafe CRYPTO_free(encoded, nil, 0) }
        return try unsafe Self.hash(encoded, length)
    }

    private static func hash(
        _ encoded: UnsafeMutablePointer<UInt8>?, _ length: Int32
    ) throws(CryptographyError) -> [UInt8] {
        guard length > 0, let encoded = unsafe encoded else { throw CryptographyError(call: .digest) }
        return try DigestAlgorithm.sha256.hash(
            unsafe Array(UnsafeBufferPointer(start: encoded, count: Int(length))))
    }

    /// Seconds since 1970 of an ASN.1 time; nil where it is none.
    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        guard let time = unsafe time, let epoch = unsafe ASN1_TIME_set(nil, 0) else { return nil }
        defer { unsafe ASN1_TIME_free(epoch) }
        var (days, seconds) = (Int32(0), Int32(0))
        guard unsafe ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
        return Int64(days) * 86400 + Int64(seconds)
    }

    private static func digits(_ number: UnsafePointer<ASN1_INTEGER>?) -> String {
        guard let number = unsafe number, let value = unsafe ASN1_INTEGER_to_BN(number, nil) else { return "" }
        defer { unsafe BN_free(value) }
        guard let text = unsafe BN_bn2hex(value) else { return "" }
        defer { unsafe CRYPTO_free(text, nil, 0) }
        let digits = Array(unsafe String(cString: text).utf8)
        let sign = digits.first == 0x2D ? 1 : 0
        let leading = digits.dropFirst(sign).prefix { $0 == 0x30 }.count
        let rest = digits.dropFirst(min(sign + leading, digits.count - 1)).map { $0 | 0x20 }
        return (sign == 1 ? "-" : "") + String(decoding: rest, as: UTF8.self)
    }
}
