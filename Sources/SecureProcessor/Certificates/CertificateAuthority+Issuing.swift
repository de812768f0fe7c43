public import Cryptography
public import SNPABI

/// What the KDS hands out for a chip.
extension CertificateAuthority {
    /// The certificate of a chip's VCEK for one TCB, DER: by the ASK, for seven years.
    ///
    /// - Parameter issued: seconds since 1970.
    public func vcekCertificate(
        of chip: borrowing Chip, tcb: TCBVersion, issued: Int64
    ) throws(CryptographyError) -> [UInt8] {
        let key = try chip.vcek(tcb)
        let product =
            switch generation {
            case .milan: "Milan-B0"
            case .genoa, .turin: generation.rawValue
            }
        let content = CertificateContent(
            serial: 0, issuer: Member.ask.commonName(generation), subject: "SEV-VCEK",
            validity: issued...Validity.end(of: issued, years: 7),
            publicKey: CertificateContent.publicKey(p384: key.x, key.y),
            extensions: CertificateExtension.endorsement(generation, product: product, tcb: tcb) + [
                .hardware(chip.identifier)
            ], namesTrailer: false)
        return try sign(content, by: .ask)
    }

    /// The certificate of a provider's VLEK for one TCB, DER: by the ASVK, for a year.
    public func vlekCertificate(
        of vlek: LoadedEndorsementKey, tcb: TCBVersion, issued: Int64
    ) throws(CryptographyError) -> [UInt8] {
        let key = try vlek.key(tcb, generation)
        let content = CertificateContent(
            serial: 0, issuer: Member.asvk.commonName(generation), subject: "SEV-VLEK",
            validity: issued...Validity.end(of: issued, years: 1),
            publicKey: CertificateContent.publicKey(p384: key.x, key.y),
            extensions: CertificateExtension.endorsement(generation, product: generation.rawValue, tcb: tcb) + [
                .provider(vlek.provider)
            ], namesTrailer: false)
        return try sign(content, by: .asvk)
    }

    /// The ARK's revocation list, DER: for a year.
    ///
    /// - Parameter number: one more than in the list before.
    public func revocationList(
        _ revoked: [Member], number: UInt64, issued: Int64
    ) throws(CryptographyError) -> [UInt8] {
        try signRevocationList(
            RevocationList(
                generation: generation, arkKeyIdentifier: try keyIdentifier(.ark), number: number, issued: issued,
                revoked: revoked))
    }
}
