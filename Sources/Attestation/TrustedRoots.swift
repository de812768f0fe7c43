internal import BoundedBytes
internal import Cryptography
public import SNPABI

/// The keys that a chain of certificates may end in.
public struct TrustedRoots: Equatable, Sendable {
    /// AMD's, and nobody else's.
    public static let amd = TrustedRoots(true, [], [])

    private let includesAMD: Bool
    /// DER of further roots, such as those of emulated chips.
    let additional: [[UInt8]]
    /// SHA-256 of the SubjectPublicKeyInfo of each of them.
    private let fingerprints: [[UInt8]]

    /// AMD's roots unless `includingAMD` is false, and the certificates of a PEM text; nil where it holds none, or
    /// anything else.
    public init?(pem: [UInt8], includingAMD: Bool = true) {
        guard let parts = PEMBundle.parse(pem), parts.allSatisfy({ $0.isCertificate }) else { return nil }
        self.init(certificates: parts.map { $0.contents }, includingAMD: includingAMD)
    }

    /// The same with certificates in DER; nil where one is none.
    public init?(certificates: [[UInt8]], includingAMD: Bool = true) {
        var fingerprints: [[UInt8]] = []
        for bytes in certificates {
            guard let certificate = X509Certificate.parse(bytes) else { return nil }
            do throws(CryptographyError) { fingerprints.append(try certificate.keyFingerprint()) } catch { return nil }
        }
        self.init(includingAMD, certificates, fingerprints)
    }

    private init(_ includesAMD: Bool, _ additional: [[UInt8]], _ fingerprints: [[UInt8]]) {
        self.includesAMD = includesAMD
        self.additional = additional
        self.fingerprints = fingerprints
    }

    /// Both together.
    public func union(_ other: TrustedRoots) -> TrustedRoots {
        TrustedRoots(
            includesAMD || other.includesAMD, additional + other.additional, fingerprints + other.fingerprints)
    }

    /// Whose root a key is, by SHA-256 of its SubjectPublicKeyInfo; nil where it is not trusted.
    func owner(ofKey fingerprint: [UInt8]) -> RootOwner? {
        if includesAMD, let generation = Self.generation(ofKey: Hexadecimal.encode(fingerprint)) {
            return .amd(generation)
        }
        return fingerprints.contains(fingerprint) ? .caller : nil
    }

    /// AMD's root keys, which never change: the certificates are those of the KDS, `/vcek/v1/{Milan|Genoa|Turin}/cert_chain`.
    private static func generation(ofKey fingerprint: String) -> ProcessorGeneration? {
        switch fingerprint {
        case "9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9": .milan
        case "429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831": .genoa
        case "4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08": .turin
        default: nil
        }
    }
}

/// Who vouches for a root.
public enum RootOwner: Equatable, Sendable {
    /// AMD, by a key that is built in.
    case amd(ProcessorGeneration)
    /// Whoever gave the root: an emulated chip is worth what that word is worth.
    case caller
}
