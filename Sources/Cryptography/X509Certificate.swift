internal import COpenSSL

/// One X.509 certificate, for the questions that Secure Boot asks.
@safe public struct X509Certificate: ~Copyable {
    let certificate: OpaquePointer  // X509 *

    private init(owning certificate: OpaquePointer) { unsafe self.certificate = unsafe certificate }

    deinit { unsafe X509_free(certificate) }

    /// The common name and the organisation of a distinguished name, empty where it has none. Untrusted text.
    public struct Name: Equatable, Sendable {
        public let commonName: String
        public let organization: String

        public init(commonName: String, organization: String) {
            self.commonName = commonName
            self.organization = organization
        }
    }

    /// Reads DER, or returns nil where `bytes` are not exactly one certificate.
    public static func parse(_ bytes: [UInt8]) -> X509Certificate? {
        defer { ERR_clear_error() }
        let (parsed, used) = unsafe decodeDER(bytes) { unsafe d2i_X509(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { return nil }
        guard used == bytes.count else {
            unsafe X509_free(parsed)
            return nil
        }
        return unsafe X509Certificate(owning: parsed)
    }

    public var subject: Name { unsafe Self.name(X509_get_subject_name(certificate)) }
    public var issuer: Name { unsafe Self.name(X509_get_issuer_name(certificate)) }

    /// The digest of the to-be-signed part, by which dbx may name a certificate (UEFI 2.10, 32.4.1).
    public func toBeSignedDigest(_ algorithm: DigestAlgorithm) throws(CryptographyError) -> [UInt8] {
        try unsafe Self.toBeSignedDigest(of: certificate, algorithm)
    }

    static func toBeSignedDigest(
        of certificate: OpaquePointer, _ algorithm: DigestAlgorithm
    ) throws(CryptographyError) -> [UInt8] {
        var encoded: UnsafeMutablePointer<UInt8>?
        let length = unsafe i2d_re_X509_tbs(certificate, &encoded)
        defer { unsafe CRYPTO_free(encoded, nil, 0) }
        guard length > 0, let encoded = unsafe encoded else { throw CryptographyError(call: .digest) }
        return try algorithm.hash(unsafe Array(UnsafeBufferPointer(start: encoded, count: Int(length))))
    }

    static func name(_ name: OpaquePointer?) -> Name {
        Name(
            commonName: unsafe text(name, NID_commonName), organization: unsafe text(name, NID_organizationName))
    }

    /// The last attribute of that kind, as UTF-8.
    private static func text(_ name: OpaquePointer?, _ attribute: Int32) -> String {
        guard let name = unsafe name else { return "" }
        var (found, next) = (Int32(-1), unsafe X509_NAME_get_index_by_NID(name, attribute, -1))
        while next >= 0 { (found, next) = (next, unsafe X509_NAME_get_index_by_NID(name, attribute, next)) }
        guard found >= 0, let entry = unsafe X509_NAME_get_entry(name, found),
            let value = unsafe X509_NAME_ENTRY_get_data(entry)
        else { return "" }
        var encoded: UnsafeMutablePointer<UInt8>?
        let length = unsafe ASN1_STRING_to_UTF8(&encoded, value)
        defer { unsafe CRYPTO_free(encoded, nil, 0) }
        guard length > 0, let encoded = unsafe encoded else { return "" }
        return unsafe String(decoding: UnsafeBufferPointer(start: encoded, count: Int(length)), as: UTF8.self)
    }
}
