public import Cryptography
public import SNPABI
public import Secrets

/// The emulated counterpart of AMD's three authorities: ARK, the root; ASK, which signs VCEKs; ASVK, which signs VLEKs.
///
/// Source: AMD 57230, "VCEK Certificate and KDS Interface Specification", sections 2 and 3.
public struct CertificateAuthority: ~Copyable {
    public enum Member: String, CaseIterable, Sendable {
        case ark, ask, asvk

        func commonName(_ generation: ProcessorGeneration) -> String {
            switch self {
            case .ark: "ARK-" + generation.rawValue
            case .ask: "SEV-" + generation.rawValue
            case .asvk: "SEV-VLEK-" + generation.rawValue
            }
        }

        /// AMD's own numbers.
        func serial(_ generation: ProcessorGeneration) -> UInt64 {
            let base: UInt64 =
                switch generation {
                case .milan: 0x10000
                case .genoa: 0x20000
                case .turin: 0x30000
                }
            return switch self {
            case .ark: base
            // Genoa's first ASK is revoked.
            case .ask: base + (generation == .genoa ? 2 : 1)
            case .asvk: base + 0x101
            }
        }

        fileprivate var folder: String { self == .asvk ? "vlek" : "vcek" }
    }

    /// Where the revocation lists would be: a name that belongs to nobody (RFC 6761).
    public static let keyServer = "https://kdsintf.sealroot.invalid"
    public let generation: ProcessorGeneration
    private let ark: RSASigningKey
    private let ask: RSASigningKey
    private let asvk: RSASigningKey

    public init(
        _ generation: ProcessorGeneration, ark: consuming RSASigningKey, ask: consuming RSASigningKey,
        asvk: consuming RSASigningKey
    ) {
        self.generation = generation
        self.ark = ark
        self.ask = ask
        self.asvk = asvk
    }

    /// Three fresh keys; it takes some seconds.
    public static func generate(_ generation: ProcessorGeneration) throws(CryptographyError) -> CertificateAuthority {
        CertificateAuthority(
            generation, ark: try RSASigningKey.generate(), ask: try RSASigningKey.generate(),
            asvk: try RSASigningKey.generate())
    }

    /// A private key as PEM.
    public func pem(_ member: Member) throws(CryptographyError) -> SecretBytes {
        switch member {
        case .ark: try ark.pem()
        case .ask: try ask.pem()
        case .asvk: try asvk.pem()
        }
    }

    private func modulus(_ member: Member) -> [UInt8] {
        switch member {
        case .ark: ark.modulus
        case .ask: ask.modulus
        case .asvk: asvk.modulus
        }
    }

    func keyIdentifier(_ member: Member) throws(CryptographyError) -> [UInt8] {
        try DigestAlgorithm.sha1.hash(CertificateContent.rsaPublicKey(modulus(member)))
    }

    /// An authority's own certificate, DER: by the ARK, for 25 years.
    ///
    /// - Parameter issued: seconds since 1970.
    public func certificate(_ member: Member, issued: Int64) throws(CryptographyError) -> [UInt8] {
        let own = CertificateExtension.subjectKey(try keyIdentifier(member))
        let list = CertificateExtension.revocationList(
            at: Self.keyServer + "/" + member.folder + "/v1/" + generation.rawValue + "/crl")
        let extensions: [CertificateExtension] =
            member == .ark
            ? [.keyUsage(isRoot: true), own, .authority(pathLength: nil), list]
            : [
                own, .authorityKey(try keyIdentifier(.ark)), .authority(pathLength: 0), .keyUsage(isRoot: false),
                list,
            ]
        let content = CertificateContent(
            serial: member.serial(generation), issuer: Member.ark.commonName(generation),
            subject: member.commonName(generation), validity: issued...Validity.end(of: issued, years: 25),
            publicKey: CertificateContent.publicKey(rsa: modulus(member)), extensions: extensions, namesTrailer: true)
        return try content.signed(by: ark)
    }

    func signRevocationList(_ list: RevocationList) throws(CryptographyError) -> [UInt8] { try list.signed(by: ark) }

    func sign(_ content: CertificateContent, by member: Member) throws(CryptographyError) -> [UInt8] {
        switch member {
        case .ark: try content.signed(by: ark)
        case .ask: try content.signed(by: ask)
        case .asvk: try content.signed(by: asvk)
        }
    }
}
