internal import COpenSSL

/// A list of revoked certificates, complete for its issuer: no delta, and none for some kinds of certificates only.
///
/// Source: RFC 5280, section 5. libcrypto reads all of the DER.
@safe public struct RevocationList: ~Copyable {
    private let list: OpaquePointer  // X509_CRL *

    private init(owning list: OpaquePointer) { unsafe self.list = unsafe list }

    deinit { unsafe X509_CRL_free(list) }

    /// Reads DER; nil where `bytes` are not exactly one list, or one that needs more than this type knows: whatever
    /// makes a list partial or indirect is marked as critical, in the list or in an entry.
    public static func parse(_ bytes: [UInt8]) -> RevocationList? {
        defer { ERR_clear_error() }
        let (parsed, used) = unsafe decodeDER(bytes) { unsafe d2i_X509_CRL(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { return nil }
        let list = unsafe RevocationList(owning: parsed)
        guard used == bytes.count, !list.hasCriticalExtension else { return nil }
        return list
    }

    public var issuer: X509Certificate.Name { unsafe X509Certificate.name(X509_CRL_get_issuer(list)) }

    /// From its making to when the next one comes; nil where the dates are none.
    public var validity: X509Certificate.Validity? {
        guard let thisUpdate = unsafe X509Certificate.seconds(X509_CRL_get0_lastUpdate(list)) else { return nil }
        guard let next = unsafe X509_CRL_get0_nextUpdate(list) else {
            return X509Certificate.Validity(notBefore: thisUpdate, notAfter: nil)
        }
        guard let nextUpdate = unsafe X509Certificate.seconds(next) else { return nil }
        return X509Certificate.Validity(notBefore: thisUpdate, notAfter: nextUpdate)
    }

    /// Whether it names `certificate` as its issuer. It says nothing about keys.
    public func names(asIssuer certificate: borrowing X509Certificate) -> Bool {
        unsafe X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(certificate.certificate)) == 0
    }

    /// As for a certificate.
    public func isSigned(by issuer: borrowing X509Certificate) -> Bool {
        defer { ERR_clear_error() }
        var algorithm: UnsafePointer<X509_ALGOR>?
        unsafe X509_CRL_get0_signature(list, nil, &algorithm)
        guard let algorithm = unsafe algorithm, unsafe PSSParameters.areSHA384(algorithm),
            let key = unsafe X509_get0_pubkey(issuer.certificate)
        else { return false }
        return unsafe X509_CRL_verify(list, key) == 1
    }

    /// Whether it lists the serial number of `certificate`, which its issuer must have issued.
    public func lists(_ certificate: borrowing X509Certificate) -> Bool {
        var entry: OpaquePointer?
        let serial = unsafe X509_get0_serialNumber(certificate.certificate)
        return unsafe X509_CRL_get0_by_serial(list, &entry, serial) != 0
    }

    private var hasCriticalExtension: Bool {
        for index in 0..<max(0, unsafe X509_CRL_get_ext_count(list))
        where unsafe X509_EXTENSION_get_critical(X509_CRL_get_ext(list, index)) == 1 { return true }
        let entries = unsafe X509_CRL_get_REVOKED(list)
        for index in 0..<max(0, unsafe OPENSSL_sk_num(entries)) {
            let entry = unsafe OpaquePointer(OPENSSL_sk_value(entries, index))
            for part in 0..<max(0, unsafe X509_REVOKED_get_ext_count(entry))
            where unsafe X509_EXTENSION_get_critical(X509_REVOKED_get_ext(entry, part)) == 1 { return true }
        }
        return false
    }
}
