public import Cryptography

/// What db and dbx, or MokList and MokListX, say: images and certificates, by themselves or by their digests.
public struct SignatureDatabase: Equatable, Sendable {
    /// The digest of an image or of the to-be-signed part of a certificate.
    public struct Digest: Equatable, Sendable {
        public let algorithm: DigestAlgorithm
        public let bytes: [UInt8]

        public init(_ algorithm: DigestAlgorithm, _ bytes: [UInt8]) {
            self.algorithm = algorithm
            self.bytes = bytes
        }
    }

    /// Certificates in DER.
    public private(set) var certificates: [[UInt8]]
    /// Authenticode digests.
    public private(set) var images: [Digest]
    /// Digests of certificates; the time from which on they count is not looked at.
    public private(set) var certificateDigests: [Digest] = []

    public init(certificates: [[UInt8]] = [], images: [Digest] = []) {
        self.certificates = certificates
        self.images = images
    }

    /// Takes what is in the lists. Other types (RSA keys, SHA-1) no firmware of today uses for images.
    public init(_ lists: [SignatureList]) {
        self.init()
        for list in lists {
            for signature in list.signatures {
                switch list.type {
                case SignatureList.x509: certificates.append(signature.data)
                case SignatureList.sha256: images.append(Digest(.sha256, signature.data))
                case SignatureList.sha384: images.append(Digest(.sha384, signature.data))
                case SignatureList.sha512: images.append(Digest(.sha512, signature.data))
                case SignatureList.x509SHA256: addCertificateDigest(.sha256, signature.data)
                case SignatureList.x509SHA384: addCertificateDigest(.sha384, signature.data)
                case SignatureList.x509SHA512: addCertificateDigest(.sha512, signature.data)
                default: continue
                }
            }
        }
    }

    private mutating func addCertificateDigest(_ algorithm: DigestAlgorithm, _ data: [UInt8]) {
        certificateDigests.append(Digest(algorithm, Array(data.prefix(algorithm.byteCount))))
    }
}
