public import Cryptography
public import JSON

/// The LUKS2 token of type `sealroot`: what the guest needs beside the TPM to open its keyslot.
///
/// Source: architecture.md, 4.1. Nothing in it is secret, and all of it comes from the host: whoever uses a field
/// relies on the TPM or on a MAC under the sealed secret, never on the token. Each version of the format has a
/// file of its own.
public struct SealedToken: Equatable, Sendable {
    public static let type = "sealroot"

    /// The storage key under which the object is sealed.
    public struct ParentKey: Equatable, Sendable {
        /// A persistent handle, 0x81000000 to 0x81FFFFFF.
        public var handle: UInt32
        /// TPM name, 34 bytes: 000B and SHA-256 of the public area.
        public var name: [UInt8]
        /// TPM2B_PUBLIC as the TPM marshals it, with its size.
        public var publicArea: [UInt8]

        public init(handle: UInt32, name: [UInt8], publicArea: [UInt8]) {
            self.handle = handle
            self.name = name
            self.publicArea = publicArea
        }
    }

    /// The sealed secret.
    public struct SealedObject: Equatable, Sendable {
        /// The part that only the storage key opens.
        public enum Wrapped: Equatable, Sendable {
            /// TPM2B_PRIVATE of an object that this TPM made.
            case native([UInt8])
            /// What somebody else made for this TPM, and TPM2_Import takes: TPM2B_PRIVATE, and TPM2B_ENCRYPTED_SECRET.
            case duplicate([UInt8], seed: [UInt8])
        }

        /// TPM2B_PUBLIC as the TPM marshals it, with its size, as are the others.
        public var publicArea: [UInt8]
        public var wrapped: Wrapped

        public init(publicArea: [UInt8], wrapped: Wrapped) {
            self.publicArea = publicArea
            self.wrapped = wrapped
        }
    }

    /// Who may say which policies open the object.
    public struct Authority: Equatable, Sendable {
        /// TPM2B_PUBLIC of a P-256 key.
        public var publicArea: [UInt8]
        /// The policy reference: the volume's name, 32 bytes.
        public var reference: [UInt8]

        public init(publicArea: [UInt8], reference: [UInt8]) {
            self.publicArea = publicArea
            self.reference = reference
        }
    }

    /// A set of PCR values under which the TPM gives the secret out.
    public struct PCRPolicy: Equatable, Sendable {
        public struct Value: Equatable, Sendable {
            public var pcr: Int
            public var digest: [UInt8]

            public init(pcr: Int, digest: [UInt8]) {
                self.pcr = pcr
                self.digest = digest
            }
        }

        /// For people, such as a kernel version; at most 128 bytes of UTF-8.
        public var label: String
        public var bank: DigestAlgorithm
        /// 0 to 23, ascending.
        public var pcrs: [Int]
        /// The policy digest, SHA-256, 32 bytes: the object's own, or the one that the authority approves.
        public var digest: [UInt8]
        /// What each PCR was expected to hold, as long as the bank's hash; only for diagnosis, may lack some.
        public var values: [Value]
        /// The highest value of the revocation counter under which it holds; set where the token has a counter.
        public var count: UInt64?
        /// ECDSA by the authority: r and s of 32 bytes each, big-endian; set where the token has an authority.
        public var signature: [UInt8]?

        public init(
            label: String, bank: DigestAlgorithm, pcrs: [Int], digest: [UInt8], values: [Value], count: UInt64? = nil,
            signature: [UInt8]? = nil
        ) {
            self.label = label
            self.bank = bank
            self.pcrs = pcrs
            self.digest = digest
            self.values = values
            self.count = count
            self.signature = signature
        }
    }

    /// Id of the keyslot that the secret opens.
    public var keyslot: Int
    public var parent: ParentKey
    public var object: SealedObject
    public var authority: Authority?
    /// NV index of the revocation counter, 0x01800000 to 0x01BFFFFF; only with an authority.
    public var counter: UInt32?
    /// 1 to 32; none only where the authority has yet to approve one.
    public var policies: [PCRPolicy]
    /// What the secret is combined with before anything is derived from it.
    public var secondFactor: DerivedKeySelection?
    /// HMAC-SHA-256 over the canonical header, 32 bytes.
    public var headerMAC: [UInt8]
    /// HMAC-SHA-256 over the volume key, 32 bytes.
    public var volumeKeyID: [UInt8]

    public init(
        keyslot: Int, parent: ParentKey, object: SealedObject, authority: Authority? = nil, counter: UInt32? = nil,
        policies: [PCRPolicy], secondFactor: DerivedKeySelection? = nil, headerMAC: [UInt8], volumeKeyID: [UInt8]
    ) {
        self.keyslot = keyslot
        self.parent = parent
        self.object = object
        self.authority = authority
        self.counter = counter
        self.policies = policies
        self.secondFactor = secondFactor
        self.headerMAC = headerMAC
        self.volumeKeyID = volumeKeyID
    }

    /// Reads a token of any version that is known.
    public init(_ json: JSONValue) throws(TokenError) {
        var reader = try ObjectReader(json, at: "", wrap: TokenError.member)
        let type = try reader.string("type")
        guard type == Self.type else { throw TokenError("type", .value(type)) }
        let version = try reader.integer("version")
        switch version {
        case 1: self = try SealedTokenVersion1.read(&reader)
        default: throw TokenError("version", .unknownVersion(version))
        }
    }

    /// The token in the newest version.
    public func json() -> JSONValue { SealedTokenVersion1.json(of: self) }
}
