internal import SNPABI

/// Which certificate of a chain is meant, by AMD's names.
public enum CertificateRole: String, Sendable {
    case ark = "ARK"
    case ask = "ASK"
    case asvk = "ASVK"
    case vcek = "VCEK"
    case vlek = "VLEK"
}

/// Which kind of key has signed a report.
public enum EndorsementKey: String, Sendable, CaseIterable {
    /// The chip's own.
    case vcek
    /// One that AMD has lent to a cloud provider, and that says nothing about the chip.
    case vlek

    /// The certificate of the key itself.
    public var role: CertificateRole { self == .vcek ? .vcek : .vlek }
    /// The one that signs it.
    public var issuer: CertificateRole { self == .vcek ? .ask : .asvk }

    init?(_ key: ReportFlags.SigningKey?) {
        switch key {
        case .vcek: self = .vcek
        case .vlek: self = .vlek
        case .some(.none), nil: return nil
        }
    }
}

/// One certificate of the chain, for people.
public struct CertificateSummary: Equatable, Sendable {
    public let role: CertificateRole
    public let name: String
    public let serial: String
    /// SHA-256 of the DER.
    public let fingerprint: [UInt8]
    public let notBefore: Int64
    public let notAfter: Int64
}
