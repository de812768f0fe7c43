internal import BoundedBytes
internal import Cryptography
internal import SNPABI

extension VerificationFailure: CustomStringConvertible {
    /// One line, fit for a console: names from certificates are escaped.
    public var description: String { reason + ": " + detail }

    /// The same without the name.
    public var detail: String {
        switch self {
        case .unsigned: "the report is not signed: the platform masks its key"
        case .unknownSigningKey(let number): "SIGNING_KEY " + String(number) + " is none that AMD defines"
        case .unknownAlgorithm(let number):
            "SIGNATURE_ALGO is " + String(number) + " instead of 1, ECDSA P-384 with SHA-384"
        case .tooManyCertificates: "more certificates or revocation lists than any chip has"
        case .missing(let role): Self.missing(role)
        case .untrustedRoot(let name, let fingerprint):
            "root '" + Printable.escape(name) + "' (SHA-256 " + Hexadecimal.encode(fingerprint) + ") is not trusted"
        case .signature(let role, let issuer):
            "the " + role.rawValue + " certificate is not signed by the " + issuer.rawValue
        case .notFit(let role):
            "the " + role.rawValue + " certificate has a key or constraints that no " + role.rawValue + " of AMD's has"
        case .undated(let role): "the " + role.rawValue + " certificate has no dates that can be read"
        case .expired(let role, let time): "the " + role.rawValue + " certificate expired at " + UTCTime.text(time)
        case .notYetValid(let role, let time):
            "the " + role.rawValue + " certificate is valid from " + UTCTime.text(time) + " only"
        case .revoked(let role, let serial):
            "the " + role.rawValue + " certificate, serial 0x" + Printable.escape(serial) + ", is revoked"
        case .listSignature(let issuer):
            "the revocation list of '" + Printable.escape(issuer) + "' is not signed by it"
        case .missingList: "no revocation list of the ARK was given, and the policy demands one"
        case .staleList(let time):
            "no revocation list of the ARK is valid at this time: the newest "
                + (time.map { "is good until " + UTCTime.text($0) } ?? "says nothing about its end")
        case .extensions(let role, let name):
            "the " + role.rawValue + " certificate's extension 1.3.6.1.4.1.3704.1." + Printable.escape(name)
                + " is missing, doubled or malformed"
        case .structVersion(let found, let expected):
            "structVersion " + String(found) + " instead of " + String(expected)
        case .otherKey(let claimed, let found):
            "the report says that a " + claimed.role.rawValue + " signed it, but the certificate is of a "
                + found.role.rawValue
        case .unknownProcessor(let family, let model):
            "processor family 0x" + String(family, radix: 16) + " model 0x" + String(model, radix: 16) + " is not known"
        case .otherGeneration(let role, let found, let expected):
            "the " + role.rawValue + " is " + found.rawValue + "'s, but the report is " + expected.rawValue + "'s"
        case .otherTCB(let certificate, let report, let generation):
            "the certificate is for " + certificate.named(for: generation) + ", the report for "
                + report.named(for: generation)
        case .otherChip(let certificate, let report):
            "the certificate is of chip " + Self.chip(certificate) + ", the report of " + Self.chip(report)
        case .reportSignature(let role): "the report's signature is not one of the " + role.rawValue
        case .inconsistent(let low, let lower, let high, let higher, let generation):
            low.rawValue + " TCB (" + lower.named(for: generation) + ") is above the " + high.rawValue + " TCB ("
                + higher.named(for: generation) + ")"
        case .library(let error): error.description
        }
    }

    private static func missing(_ role: CertificateRole) -> String {
        switch role {
        case .vcek, .vlek: "no certificate of a " + role.rawValue + " was given"
        case .ask: "no certificate of the ASK that issued the VCEK was given"
        case .asvk: "no certificate of the ASVK that issued the VLEK was given"
        case .ark: "no certificate of the ARK was given"
        }
    }

    /// The first eight bytes tell two chips apart.
    private static func chip(_ identifier: [UInt8]) -> String { Hexadecimal.encode(identifier.prefix(8)) + "..." }
}
