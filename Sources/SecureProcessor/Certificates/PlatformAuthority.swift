public import Cryptography
public import Secrets

/// The authority of an emulated cloud platform, which vouches for the endorsement keys of its vTPMs. It has nothing to do
/// with the chip.
///
/// Source: TCG EK Credential Profile for TPM Family 2.0, version 2.5, section 3.2.
public struct PlatformAuthority: ~Copyable {
    public static let name = "Emulated Platform vTPM CA"
    private let key: RSASigningKey

    public init(_ key: consuming RSASigningKey) { self.key = key }

    /// A fresh key; it takes a second or some.
    public static func generate() throws(CryptographyError) -> PlatformAuthority {
        PlatformAuthority(try RSASigningKey.generate())
    }

    /// The private key as PEM.
    public func pem() throws(CryptographyError) -> SecretBytes { try key.pem() }

    private func keyIdentifier() throws(CryptographyError) -> [UInt8] {
        try DigestAlgorithm.sha1.hash(CertificateContent.rsaPublicKey(key.modulus))
    }

    /// Its own certificate, DER: for 25 years.
    ///
    /// - Parameter issued: seconds since 1970.
    public func certificate(issued: Int64) throws(CryptographyError) -> [UInt8] {
        let content = CertificateContent(
            serial: 1, issuer: Self.name, subject: Self.name, validity: issued...Validity.end(of: issued, years: 25),
            publicKey: CertificateContent.publicKey(rsa: key.modulus),
            extensions: [
                .keyUsage(isRoot: true), .subjectKey(try keyIdentifier()), .authority(pathLength: 0),
            ], namesTrailer: false)
        return try content.signed(by: key)
    }

    /// The certificate of a vTPM's endorsement key, DER: for ten years.
    ///
    /// - Parameters:
    ///   - modulus: of the RSA-2048 key, 256 bytes, big-endian. The exponent is 65537.
    ///   - serial: not given to any other.
    public func endorsementCertificate(
        modulus: [UInt8], serial: UInt64, issued: Int64
    ) throws(CryptographyError) -> [UInt8] {
        let content = CertificateContent(
            serial: serial, issuer: Self.name, subject: "Emulated vTPM",
            validity: issued...Validity.end(of: issued, years: 10),
            publicKey: CertificateContent.publicKey(rsa: modulus),
            extensions: [
                .keyEncipherment, .leaf, .endorsementKey, .virtualTPM, .authorityKey(try keyIdentifier()),
            ], namesTrailer: false)
        return try content.signed(by: key)
    }
}

/// What the certificate of an endorsement key carries.
extension CertificateExtension {
    fileprivate static let keyEncipherment = CertificateExtension(
        identifier: [2, 5, 29, 15], isCritical: true, value: DER.element(0x03, [5, 0x20]))
    /// BasicConstraints of no authority.
    fileprivate static let leaf = CertificateExtension(
        identifier: [2, 5, 29, 19], isCritical: true, value: DER.sequence())
    /// ExtendedKeyUsage: tcg-kp-EKCertificate.
    fileprivate static let endorsementKey = CertificateExtension(
        identifier: [2, 5, 29, 37], value: DER.sequence(DER.identifier([2, 23, 133, 8, 1])))
    /// SubjectAlternativeName: a directory name with the TPM's manufacturer, model and version.
    fileprivate static let virtualTPM = {
        let attributes: [(arc: UInt32, text: String)] = [(1, "id:00001014"), (2, "swtpm"), (3, "id:20191023")]
        let name = DER.sequence(
            of: attributes.map {
                DER.set(DER.sequence(DER.identifier([2, 23, 133, 2, $0.arc]), DER.utf8($0.text)))
            })
        return CertificateExtension(identifier: [2, 5, 29, 17], value: DER.sequence(DER.explicit(4, name)))
    }()
}
