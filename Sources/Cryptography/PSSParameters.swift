internal import COpenSSL

/// The signature scheme of AMD's certificates and revocation lists.
enum PSSParameters {
    /// Whether `algorithm` is RSASSA-PSS with SHA-384, MGF1 over SHA-384, 48 bytes of salt and trailer 1, exactly. A
    /// trailer that is written out passes, too: AMD does so, though it is the default.
    ///
    /// Source: RFC 4055, section 3.1; RFC 8017, A.2.3.
    static func areSHA384(_ algorithm: UnsafePointer<X509_ALGOR>) -> Bool {
        guard unsafe OBJ_obj2nid(algorithm.pointee.algorithm) == NID_rsassaPss,
            let encoded = unsafe sequence(algorithm)
        else { return false }
        let (parsed, used) = unsafe decodeDER(encoded) { unsafe d2i_RSA_PSS_PARAMS(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { return false }
        defer { unsafe RSA_PSS_PARAMS_free(parsed) }
        // An absent field means SHA-1, its mask, or 20 bytes.
        guard used == encoded.count, let hash = unsafe parsed.pointee.hashAlgorithm,
            let mask = unsafe parsed.pointee.maskGenAlgorithm, let salt = unsafe parsed.pointee.saltLength
        else { return false }
        let trailer = unsafe parsed.pointee.trailerField
        return unsafe OBJ_obj2nid(hash.pointee.algorithm) == NID_sha384 && isMaskSHA384(mask)
            && ASN1_INTEGER_get(salt) == 48 && (trailer == nil || ASN1_INTEGER_get(trailer) == 1)
    }

    private static func isMaskSHA384(_ mask: UnsafePointer<X509_ALGOR>) -> Bool {
        guard unsafe OBJ_obj2nid(mask.pointee.algorithm) == NID_mgf1, let encoded = unsafe sequence(mask) else {
            return false
        }
        let (hash, used) = unsafe decodeDER(encoded) { unsafe d2i_X509_ALGOR(nil, &$0, $1) }
        guard let hash = unsafe hash else { return false }
        defer { unsafe X509_ALGOR_free(hash) }
        return unsafe used == encoded.count && OBJ_obj2nid(hash.pointee.algorithm) == NID_sha384
    }

    /// The DER of the parameters, where they are a sequence.
    private static func sequence(_ algorithm: UnsafePointer<X509_ALGOR>) -> [UInt8]? {
        guard let parameter = unsafe algorithm.pointee.parameter, unsafe parameter.pointee.type == V_ASN1_SEQUENCE,
            let value = unsafe parameter.pointee.value.sequence
        else { return nil }
        return unsafe bytes(of: value)
    }
}
