/// AlgorithmIdentifier of the only signature in AMD's hierarchy: RSASSA-PSS with SHA-384 and 48 bytes of salt.
///
/// Source: RFC 4055, section 3.1.
enum SignatureAlgorithm {
    private static let sha384 = DER.sequence(DER.identifier([2, 16, 840, 1, 101, 3, 4, 2, 2]), DER.null)

    /// - Parameter namesTrailer: AMD's authorities spell the default trailer field out, and its newer leaves and lists
    ///   do not.
    static func encode(namesTrailer: Bool) -> [UInt8] {
        let mask = DER.sequence(DER.identifier([1, 2, 840, 113549, 1, 1, 8]), sha384)
        let trailer = namesTrailer ? DER.explicit(3, DER.integer(1)) : []
        return DER.sequence(
            DER.identifier([1, 2, 840, 113549, 1, 1, 10]),
            DER.sequence(
                DER.explicit(0, sha384), DER.explicit(1, mask), DER.explicit(2, DER.integer(48)), trailer))
    }
}
