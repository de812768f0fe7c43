public import Cryptography
public import SNPABI

/// Why a report is not taken for one of a genuine AMD processor.
public enum VerificationFailure: Error, Equatable, Sendable {
    /// MASK_CHIP_KEY is set, or SIGNING_KEY says that no key was used.
    case unsigned
    case unknownSigningKey(UInt32)
    case unknownAlgorithm(UInt32)
    /// More certificates or lists than anybody needs.
    case tooManyCertificates
    /// None of that role was given, or none with the name that the certificate below calls its issuer's.
    case missing(CertificateRole)
    case untrustedRoot(name: String, fingerprint: [UInt8])
    /// Not signed by the key that must have signed it.
    case signature(CertificateRole, by: CertificateRole)
    /// A key of another kind than AMD's, or constraints that forbid what it is used for.
    case notFit(CertificateRole)
    case undated(CertificateRole)
    case expired(CertificateRole, at: Int64)
    case notYetValid(CertificateRole, from: Int64)
    case revoked(CertificateRole, serial: String)
    case listSignature(issuer: String)
    case missingList
    /// Every list is too old, or says nothing about its age. The time is when the youngest ended.
    case staleList(at: Int64?)
    /// An extension of the leaf, by the end of its object identifier, is missing, doubled or malformed.
    case extensions(CertificateRole, extension: String)
    case structVersion(found: UInt64, expected: UInt64)
    case otherKey(claimed: EndorsementKey, found: EndorsementKey)
    case unknownProcessor(family: UInt8, model: UInt8)
    case otherGeneration(CertificateRole, of: ProcessorGeneration, expected: ProcessorGeneration)
    case otherTCB(certificate: TCBVersion, report: TCBVersion, ProcessorGeneration)
    case otherChip(certificate: [UInt8], report: [UInt8])
    case reportSignature(CertificateRole)
    /// A TCB of the report is above one that it cannot exceed.
    case inconsistent(TCBName, TCBVersion, above: TCBName, TCBVersion, ProcessorGeneration)
    case library(CryptographyError)

    /// The steps of the check, in their order.
    public enum Step: String, Sendable, CaseIterable {
        case report, root, intermediate, revocation, leaf, extensions, tcb, chip, signature, consistency
    }
}

extension VerificationFailure {
    /// Where it happened; the steps before it went well.
    public var step: Step {
        switch self {
        case .unsigned, .unknownSigningKey, .unknownAlgorithm, .tooManyCertificates, .library: .report
        case .missing(let role), .signature(let role, by: _), .notFit(let role), .undated(let role),
            .expired(let role, at: _), .notYetValid(let role, from: _):
            Self.step(role)
        case .otherGeneration(let role, of: _, expected: _): role == .ark ? .root : .extensions
        case .untrustedRoot: .root
        case .revoked, .listSignature, .missingList, .staleList: .revocation
        case .extensions, .structVersion, .otherKey, .unknownProcessor: .extensions
        case .otherTCB: .tcb
        case .otherChip: .chip
        case .reportSignature: .signature
        case .inconsistent: .consistency
        }
    }

    private static func step(_ role: CertificateRole) -> Step {
        switch role {
        case .ark: .root
        case .ask, .asvk: .intermediate
        case .vcek, .vlek: .leaf
        }
    }

    /// The stable name for messages and JSON.
    public var reason: String {
        switch self {
        case .unsigned: "unsigned"
        case .unknownSigningKey: "signing-key"
        case .unknownAlgorithm: "algorithm"
        case .tooManyCertificates: "too-many-certificates"
        case .missing: "missing-certificate"
        case .untrustedRoot: "untrusted-root"
        case .signature: "certificate-signature"
        case .notFit: "unfit-certificate"
        case .undated, .expired: "expired"
        case .notYetValid: "not-yet-valid"
        case .revoked: "revoked"
        case .listSignature: "list-signature"
        case .missingList: "missing-list"
        case .staleList: "stale-list"
        case .extensions, .structVersion: "extensions"
        case .otherKey: "signing-key"
        case .unknownProcessor, .otherGeneration: "generation"
        case .otherTCB: "tcb"
        case .otherChip: "chip"
        case .reportSignature: "report-signature"
        case .inconsistent: "inconsistent"
        case .library: "internal"
        }
    }
}
