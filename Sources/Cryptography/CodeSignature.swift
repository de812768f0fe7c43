internal import COpenSSL

/// A PKCS#7 SignedData over the digest of an executable, as Authenticode has it.
///
/// Sources: RFC 2315; Microsoft, "Windows Authenticode Portable Executable Signature Format" (2008). libcrypto
/// reads all of the DER and checks all signatures.
@safe public struct CodeSignature: ~Copyable {
    let message: UnsafeMutablePointer<PKCS7>
    /// The digest of the executable that the signers vouch for, and its algorithm.
    public let algorithm: DigestAlgorithm
    public let digest: [UInt8]
    /// Who signed; at least one, all of them by certificates that the message carries.
    public let signers: [Signer]
    /// SpcIndirectDataContent without its own tag and length: what is signed.
    let content: [UInt8]

    /// Authenticode has one. Each costs a search in all certificates here, and a chain and an RSA operation later.
    private static let mostSigners = 8

    /// One signer, by the names in its certificate.
    public struct Signer: Equatable, Sendable {
        public let subject: X509Certificate.Name
        public let issuer: X509Certificate.Name
    }

    private init(
        owning message: UnsafeMutablePointer<PKCS7>, _ algorithm: DigestAlgorithm, _ digest: [UInt8],
        _ signers: [Signer], _ content: [UInt8]
    ) {
        unsafe self.message = unsafe message
        self.algorithm = algorithm
        self.digest = digest
        self.signers = signers
        self.content = content
    }

    deinit { unsafe PKCS7_free(message) }

    /// Reads DER. Fewer than eight bytes may follow it: signers pad to eight, pesign with whatever it has at hand.
    public static func parse(_ bytes: [UInt8]) throws(SignatureDefect) -> CodeSignature {
        defer { ERR_clear_error() }
        let (parsed, used) = unsafe decodeDER(bytes) { unsafe d2i_PKCS7(nil, &$0, $1) }
        guard let message = unsafe parsed else { throw .notPKCS7 }
        var isOwned = false
        defer { if !isOwned { unsafe PKCS7_free(message) } }
        guard bytes.count - used < 8 else { throw .trailing }
        let content = try unsafe signedContent(of: message)
        let (algorithm, digest) = try IndirectData.digest(in: content)
        let signers = try unsafe signers(of: message)
        isOwned = true
        return unsafe CodeSignature(owning: message, algorithm, digest, signers, content)
    }

    private static func signedContent(of message: UnsafeMutablePointer<PKCS7>) throws(SignatureDefect) -> [UInt8] {
        // Each of these is optional in the DER, and libcrypto leaves null where it is absent.
        guard unsafe OBJ_obj2nid(message.pointee.type) == NID_pkcs7_signed,
            let signed = unsafe message.pointee.d.sign, let contents = unsafe signed.pointee.contents
        else { throw .notSigned }
        // Only for a type that libcrypto does not know does the union hold an ASN1_TYPE.
        guard unsafe objectIdentifier(contents.pointee.type) == IndirectData.objectIdentifier,
            let value = unsafe contents.pointee.d.other, unsafe value.pointee.type == V_ASN1_SEQUENCE,
            let sequence = unsafe value.pointee.value.sequence
        else { throw .notAuthenticode }
        return try IndirectData.inner(of: unsafe bytes(of: sequence))
    }

    private static func signers(of message: UnsafeMutablePointer<PKCS7>) throws(SignatureDefect) -> [Signer] {
        let list = unsafe PKCS7_get_signer_info(message)
        let count = max(0, unsafe OPENSSL_sk_num(list))
        guard count <= mostSigners else { throw .signerCount(Int(count)) }
        var signers: [Signer] = []
        for index in 0..<count {
            guard let entry = unsafe OPENSSL_sk_value(list, index) else { throw .noSigner }
            let information = unsafe entry.assumingMemoryBound(to: PKCS7_SIGNER_INFO.self)
            guard let certificate = unsafe PKCS7_cert_from_signer_info(message, information) else { throw .noSigner }
            signers.append(
                Signer(
                    subject: unsafe X509Certificate.name(X509_get_subject_name(certificate)),
                    issuer: unsafe X509Certificate.name(X509_get_issuer_name(certificate))))
        }
        guard !signers.isEmpty else { throw .noSigner }
        return signers
    }
}

/// Why bytes are not an Authenticode signature.
public enum SignatureDefect: Error, Equatable, Sendable, CustomStringConvertible {
    case notPKCS7, trailing, notSigned, notAuthenticode
    /// The digest inside is of an algorithm that we do not have, or of the wrong length.
    case digest
    /// No signer, or one whose certificate is not in the message.
    case noSigner
    /// More signers than anybody needs.
    case signerCount(Int)

    public var description: String {
        switch self {
        case .notPKCS7: "not a PKCS#7 message"
        case .trailing: "bytes behind the PKCS#7 message"
        case .notSigned: "PKCS#7 without signed data"
        case .notAuthenticode: "PKCS#7 that does not sign an executable"
        case .digest: "no digest of a known algorithm in the PKCS#7 message"
        case .signerCount(let count): "PKCS#7 of \(count) signers"
        case .noSigner: "PKCS#7 without the certificate of a signer"
        }
    }
}
