internal import COpenSSL

/// Checks a chain of ordinary certificates, as those of endorsement keys are. Source: RFC 5280, section 6.
///
/// AMD's chains have rules of their own; they are not for this.
public struct CertificatePath: Sendable {
    /// DER of the authorities that chains may end in; an intermediate is as good as a root.
    public var authorities: [[UInt8]]
    /// DER of what may stand in between. Nothing here is trusted.
    public var intermediates: [[UInt8]] = []
    /// DER of lists of revoked certificates; one that is not signed by the issuer it names is an error.
    public var lists: [[UInt8]] = []
    /// Whether the certificate's issuer must have a list that is valid.
    public var needsList = false
    /// When all must be valid, in seconds since 1970.
    public var time: Int64

    public init(authorities: [[UInt8]], time: Int64) {
        self.authorities = authorities
        self.time = time
    }

    /// The key of a certificate, in DER, that leads to one of the authorities.
    public func key(of certificate: [UInt8]) throws(CertificatePathError) -> CertifiedKey {
        defer { ERR_clear_error() }
        guard let leaf = X509Certificate.parse(certificate) else { throw .malformed }
        guard let store = unsafe X509_STORE_new(), let others = unsafe OPENSSL_sk_new_null() else { throw .library }
        defer {
            unsafe X509_STORE_free(store)
            unsafe OPENSSL_sk_free(others)
        }
        let trusted = authorities.compactMap { CertificateBox($0) }
        let untrusted = intermediates.compactMap { CertificateBox($0) }
        for box in trusted {
            guard unsafe X509_STORE_add_cert(store, box.certificate.certificate) == 1 else { throw .library }
        }
        for box in untrusted {
            guard unsafe OPENSSL_sk_push(others, UnsafeRawPointer(box.certificate.certificate)) > 0 else {
                throw .library
            }
        }
        let readLists = lists.compactMap { ListBox($0) }
        var flags = UInt(X509_V_FLAG_PARTIAL_CHAIN)
        let hasList = readLists.contains { unsafe $0.issued(for: leaf.certificate) }
        if needsList || hasList { flags |= UInt(X509_V_FLAG_CRL_CHECK) }
        for box in readLists {
            guard unsafe X509_STORE_add_crl(store, box.list) == 1 else { throw .library }
        }
        guard let context = unsafe X509_STORE_CTX_new() else { throw .library }
        defer { unsafe X509_STORE_CTX_free(context) }
        guard unsafe X509_STORE_set_flags(store, flags) == 1,
            unsafe X509_STORE_CTX_init(context, store, leaf.certificate, others) == 1,
            let parameters = unsafe X509_STORE_CTX_get0_param(context)
        else { throw .library }
        unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(time))
        // Level 2: no SHA-1, and no RSA below 2048 bits.
        unsafe X509_VERIFY_PARAM_set_auth_level(parameters, 2)
        guard unsafe X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY) == 1 else { throw .library }
        guard unsafe X509_verify_cert(context) == 1 else {
            throw .refused(code: unsafe X509_STORE_CTX_get_error(context))
        }
        withExtendedLifetime((trusted, untrusted, readLists)) {}
        return unsafe Self.publicKey(of: leaf.certificate)
    }

    private static func publicKey(of certificate: OpaquePointer) -> CertifiedKey {
        guard let key = unsafe X509_get0_pubkey(certificate) else { return .other }
        var modulus = [UInt8](repeating: 0, count: 256)
        if unsafe shim_rsa_modulus(key, &modulus) == 1 { return .rsa(modulus: modulus) }
        var point = [UInt8](repeating: 0, count: 65)
        if unsafe shim_p256_point(key, &point) == 1 { return .ecc(x: Array(point[1...32]), y: Array(point[33...])) }
        return .other
    }
}

/// The key that a certificate is for.
public enum CertifiedKey: Equatable, Sendable {
    /// RSA-2048 with the exponent 65537: 256 bytes.
    case rsa(modulus: [UInt8])
    /// P-256: 32 bytes each.
    case ecc(x: [UInt8], y: [UInt8])
    case other
}

/// Why a certificate is not believed.
public enum CertificatePathError: Error, Equatable, Sendable, CustomStringConvertible {
    case malformed
    /// X509_V_ERR_ of libcrypto.
    case refused(code: Int32)
    case library

    public var description: String {
        switch self {
        case .malformed: return "not a certificate"
        case .library: return "libcrypto failed"
        case .refused(let code):
            guard let text = unsafe X509_verify_cert_error_string(Int(code)) else { return "error " + String(code) }
            return unsafe String(cString: text)
        }
    }
}

/// A certificate that can be held in a list.
private final class CertificateBox {
    let certificate: X509Certificate

    init?(_ bytes: [UInt8]) {
        guard let certificate = X509Certificate.parse(bytes) else { return nil }
        self.certificate = certificate
    }
}

/// A list of revoked certificates, for as long as the check goes on.
@safe private final class ListBox {
    let list: OpaquePointer  // X509_CRL *

    init?(_ bytes: [UInt8]) {
        let (parsed, used) = unsafe decodeDER(bytes) { unsafe d2i_X509_CRL(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { return nil }
        guard used == bytes.count else {
            unsafe X509_CRL_free(parsed)
            return nil
        }
        unsafe list = unsafe parsed
    }

    deinit { unsafe X509_CRL_free(list) }

    func issued(for certificate: OpaquePointer) -> Bool {
        unsafe X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_issuer_name(certificate)) == 0
    }
}
