internal import Cryptography
internal import SNPABI

/// A certificate revocation list of the ARK: TBSCertList of RFC 5280, section 5.1, as AMD's are coded.
struct RevocationList {
    let generation: ProcessorGeneration
    let arkKeyIdentifier: [UInt8]
    let number: UInt64
    /// Seconds since 1970.
    let issued: Int64
    let revoked: [CertificateAuthority.Member]

    func signed(by ark: borrowing RSASigningKey) throws(CryptographyError) -> [UInt8] {
        let algorithm = SignatureAlgorithm.encode(namesTrailer: false)
        let entries = revoked.map { DER.sequence(DER.integer($0.serial(generation)), DER.time(issued)) }
        let extensions: [CertificateExtension] = [.authorityKey(arkKeyIdentifier), .listNumber(number)]
        let content = DER.sequence(
            DER.integer(1),
            algorithm,
            DistinguishedName.encode(commonName: CertificateAuthority.Member.ark.commonName(generation)),
            DER.time(issued),
            DER.time(Validity.end(of: issued, years: 1)),
            // The list must be absent where it is empty.
            entries.isEmpty ? [] : DER.sequence(of: entries),
            DER.explicit(0, DER.sequence(of: extensions.map { $0.encoded() })))
        return DER.sequence(content, algorithm, DER.bits(try ark.signPSS(content)))
    }
}
