internal import Cryptography

/// What an authority is asked to sign: TBSCertificate of RFC 5280, section 4.1.
struct CertificateContent {
    let serial: UInt64
    let issuer: String
    let subject: String
    /// In seconds since 1970, both included.
    let validity: ClosedRange<Int64>
    /// SubjectPublicKeyInfo.
    let publicKey: [UInt8]
    let extensions: [CertificateExtension]
    let namesTrailer: Bool

    func signed(by key: borrowing RSASigningKey) throws(CryptographyError) -> [UInt8] {
        let algorithm = SignatureAlgorithm.encode(namesTrailer: namesTrailer)
        let content = DER.sequence(
            DER.explicit(0, DER.integer(2)),
            DER.integer(serial),
            algorithm,
            DistinguishedName.encode(commonName: issuer),
            DER.sequence(DER.time(validity.lowerBound), DER.time(validity.upperBound)),
            DistinguishedName.encode(commonName: subject),
            publicKey,
            DER.explicit(3, DER.sequence(of: extensions.map { $0.encoded() })))
        return DER.sequence(content, algorithm, DER.bits(try key.signPSS(content)))
    }

    static func publicKey(rsa modulus: [UInt8]) -> [UInt8] {
        DER.sequence(
            DER.sequence(DER.identifier([1, 2, 840, 113549, 1, 1, 1]), DER.null), DER.bits(rsaPublicKey(modulus)))
    }

    /// RSAPublicKey of RFC 8017, A.1.1.
    static func rsaPublicKey(_ modulus: [UInt8]) -> [UInt8] {
        DER.sequence(DER.integer(bigEndian: modulus), DER.integer(65537))
    }

    static func publicKey(p384 x: [UInt8], _ y: [UInt8]) -> [UInt8] {
        DER.sequence(
            DER.sequence(DER.identifier([1, 2, 840, 10045, 2, 1]), DER.identifier([1, 3, 132, 0, 34])),
            DER.bits([4] + x + y))
    }
}
