@testable import Cryptography

enum CryptographyTargets {
    static let codeSignature: Fuzz.Target = { input in
        _ = try? IndirectData.digest(in: input)
        _ = try? IndirectData.inner(of: input)
        let signature = try CodeSignature.parse(input)
        demand(signature.digest.count == signature.algorithm.byteCount, "the digest is as long as its algorithm's")
        demand(!signature.signers.isEmpty, "somebody signed")
        demand(signature.content.count < input.count, "the content lies in the message")
        for digest in try signature.toBeSignedDigests(.sha384) {
            demand(digest.count == 48, "digests of certificates are as long as their algorithm's")
        }
    }

    static let certificate: Fuzz.Target = { input in
        guard let certificate = X509Certificate.parse(input) else { return }
        demand(certificate.subject.commonName.utf8.count <= 2 * input.count, "a name lies in the certificate")
        demand(certificate.issuer.organization.utf8.count <= 2 * input.count, "a name lies in the certificate")
        try demand(certificate.toBeSignedDigest(.sha256).count == 32, "a digest is as long as its algorithm's")
        demand(X509Certificate.parse(input + [0]) == nil, "nothing may follow a certificate")
    }
}
