public import Cryptography

/// Whether a firmware or shim with given databases would start an image, and why.
///
/// Source: UEFI specification 2.10, section 32.5.3, and edk2 `DxeImageVerificationLib.c`: what is forbidden wins; one
/// acceptable signature is enough, or the image's own digest in the allowed database.
public struct ImageTrust: Sendable {
    public let allowed: SignatureDatabase
    public let forbidden: SignatureDatabase

    public init(allowed: SignatureDatabase, forbidden: SignatureDatabase = SignatureDatabase()) {
        self.allowed = allowed
        self.forbidden = forbidden
    }

    public enum Verdict: Equatable, Sendable {
        /// A signature chains up to this certificate of the allowed database, by its place there.
        case acceptedByCertificate(index: Int, subject: X509Certificate.Name)
        case acceptedByDigest
        case refused(Reason)
    }

    public enum Reason: Equatable, Sendable, CustomStringConvertible {
        /// No PKCS#7 signature, and its digest is not allowed.
        case unsigned
        /// A signature that cannot be read, by its place in the certificate table.
        case malformed(index: Int, SignatureDefect)
        /// The image is not the one that was signed.
        case otherImage(index: Int)
        case untrusted(signer: X509Certificate.Name)
        case forbiddenImage
        case forbiddenCertificate(signer: X509Certificate.Name)
        /// An X.509 entry of the forbidden database that is no certificate, by its place there.
        case unreadableForbiddenCertificate(index: Int)
        /// `digests` lacks an algorithm that a signature or a database uses.
        case digestNotGiven(DigestAlgorithm)

        public var description: String {
            switch self {
            case .unsigned: "has no signature"
            case .malformed(let index, let defect): "signature \(index): \(defect.description)"
            case .otherImage(let index): "signature \(index) is of another image"
            case .untrusted(let signer): "signer \(signer.commonName) is not trusted"
            case .forbiddenImage: "the image is forbidden"
            case .forbiddenCertificate(let signer): "signer \(signer.commonName) is forbidden"
            case .unreadableForbiddenCertificate(let index): "forbidden certificate \(index) is malformed"
            case .digestNotGiven(let algorithm): "needs the digest \(algorithm.rawValue)"
            }
        }
    }

    /// Judges an image by its Authenticode digests, in as many algorithms as the databases and signatures use.
    public func verdict(
        on certificates: [AttributeCertificate], digests: [SignatureDatabase.Digest]
    ) throws(CryptographyError) -> Verdict {
        for entry in forbidden.images {
            guard let digest = Self.digest(entry.algorithm, in: digests) else {
                return .refused(.digestNotGiven(entry.algorithm))
            }
            if digest == entry.bytes { return .refused(.forbiddenImage) }
        }
        var accepted: Verdict?
        var refusal = Reason.unsigned
        for (index, certificate) in certificates.enumerated() where certificate.isPKCS7 {
            switch try verdict(on: certificate, index: index, digests) {
            // What forbids one signature forbids the image, whatever the others say.
            case .refused(.forbiddenCertificate(let signer)): return .refused(.forbiddenCertificate(signer: signer))
            case .refused(.unreadableForbiddenCertificate(let index)):
                return .refused(.unreadableForbiddenCertificate(index: index))
            case .refused(let reason): refusal = reason
            case let verdict: accepted = accepted ?? verdict
            }
        }
        if let accepted { return accepted }
        let isAllowed = allowed.images.contains { Self.digest($0.algorithm, in: digests) == $0.bytes }
        return isAllowed ? .acceptedByDigest : .refused(refusal)
    }

    private func verdict(
        on certificate: AttributeCertificate, index: Int, _ digests: [SignatureDatabase.Digest]
    ) throws(CryptographyError) -> Verdict {
        var parsed: CodeSignature?
        do throws(SignatureDefect) { parsed = try CodeSignature.parse(certificate.content) } catch {
            return .refused(.malformed(index: index, error))
        }
        guard let signature = parsed.take() else { return .refused(.unsigned) }
        let signer = signature.signers[0].subject
        if let reason = try prohibition(of: signature, signer) { return .refused(reason) }
        guard let digest = Self.digest(signature.algorithm, in: digests) else {
            return .refused(.digestNotGiven(signature.algorithm))
        }
        guard digest == signature.digest else { return .refused(.otherImage(index: index)) }
        for (place, authority) in allowed.certificates.enumerated() {
            // An entry that is no certificate allows nothing.
            guard let authority = X509Certificate.parse(authority) else { continue }
            guard try signature.isTrusted(by: authority) else { continue }
            guard try !isForbidden(authority) else { continue }
            return .acceptedByCertificate(index: place, subject: authority.subject)
        }
        return .refused(.untrusted(signer: signer))
    }

    /// Why the forbidden database forbids the signature, or nil.
    private func prohibition(
        of signature: borrowing CodeSignature, _ signer: X509Certificate.Name
    ) throws(CryptographyError) -> Reason? {
        for (place, bytes) in forbidden.certificates.enumerated() {
            guard let certificate = X509Certificate.parse(bytes) else {
                return .unreadableForbiddenCertificate(index: place)
            }
            if try signature.isTrusted(by: certificate) { return .forbiddenCertificate(signer: signer) }
        }
        // Once an algorithm, and not once an entry: both lists may be long.
        for algorithm in DigestAlgorithm.allCases {
            let entries = forbidden.certificateDigests.filter { $0.algorithm == algorithm }
            guard !entries.isEmpty else { continue }
            let carried = Set(try signature.toBeSignedDigests(algorithm))
            if entries.contains(where: { carried.contains($0.bytes) }) { return .forbiddenCertificate(signer: signer) }
        }
        return nil
    }

    /// The authority itself may be forbidden by its digest.
    private func isForbidden(_ authority: borrowing X509Certificate) throws(CryptographyError) -> Bool {
        for algorithm in DigestAlgorithm.allCases {
            let entries = forbidden.certificateDigests.filter { $0.algorithm == algorithm }
            guard !entries.isEmpty else { continue }
            let digest = try authority.toBeSignedDigest(algorithm)
            if entries.contains(where: { $0.bytes == digest }) { return true }
        }
        return false
    }

    private static func digest(_ algorithm: DigestAlgorithm, in digests: [SignatureDatabase.Digest]) -> [UInt8]? {
        digests.first { $0.algorithm == algorithm }?.bytes
    }
}
