internal import COpenSSL

extension X509Certificate {
    /// Whether `issuer` has the name that this certificate calls its issuer's. It says nothing about keys.
    public func names(asIssuer issuer: borrowing X509Certificate) -> Bool {
        unsafe X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(issuer.certificate)) == 0
    }

    /// Whether its subject and its issuer have the same name, as with a root.
    public var isSelfIssued: Bool {
        unsafe X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(certificate)) == 0
    }

    /// Whether the key of `issuer` made its signature, by RSASSA-PSS with SHA-384 and the parameters of AMD's certificates.
    /// Names, dates and extensions are not looked at.
    ///
    /// Source: AMD 57230, "VCEK Certificate and KDS Interface Specification"; RFC 4055.
    public func isSigned(by issuer: borrowing X509Certificate) -> Bool {
        defer { ERR_clear_error() }
        var algorithm: UnsafePointer<X509_ALGOR>?
        unsafe X509_get0_signature(nil, &algorithm, certificate)
        guard let algorithm = unsafe algorithm, unsafe PSSParameters.areSHA384(algorithm),
            let key = unsafe X509_get0_pubkey(issuer.certificate)
        else { return false }
        // It demands that the algorithm inside is the same, too.
        return unsafe X509_verify(certificate, key) == 1
    }

    /// Whether its key, of P-384, made the ECDSA signature over SHA-384 of `message`. Source: FIPS 186-5.
    ///
    /// - Parameters r, s: 48 bytes each, big-endian.
    public func isSignatureP384(r: [UInt8], s: [UInt8], over message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard keyKind == .ellipticP384, r.count == 48, s.count == 48,
            let encoded = SignatureNumbers.encode(r: r, s: s),
            let key = unsafe X509_get0_pubkey(certificate), let context = unsafe EVP_MD_CTX_new()
        else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha384(), nil, key) == 1 else { return false }
        return unsafe EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1
    }
}
