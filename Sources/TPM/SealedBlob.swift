internal import BoundedBytes
internal import CTSS2

/// A secret that one TPM has wrapped. Neither part is secret, and both may come from an enemy.
public struct SealedBlob: Equatable, Sendable {
    /// Where the secret was wrapped first. A blob counts as what its user expects it to be, and its attributes, which the
    /// TPM checks against what it wrapped, must agree: no object made elsewhere passes for one that the TPM sealed itself.
    enum Origin: Equatable {
        /// In this TPM.
        case native
        /// Outside of it: its maker knows the secret.
        case elsewhere

        /// What such an object has, exactly: its policy is the only way to it. `noDictionaryAttack`: a power cut between
        /// use and the TPM's shutdown must not count as a failed try.
        var attributes: PublicArea.Attributes {
            switch self {
            case .native: [.fixedTPM, .fixedParent, .adminWithPolicy, .noDictionaryAttack]
            case .elsewhere: [.adminWithPolicy, .noDictionaryAttack]
            }
        }
    }

    /// TPM2B_PUBLIC in its wire form.
    public let publicArea: [UInt8]
    /// TPM2B_PRIVATE in its wire form.
    public let privateArea: [UInt8]
    let origin: Origin

    /// A secret that the TPM sealed itself; `unseal` refuses any other.
    public init(publicArea: [UInt8], privateArea: [UInt8]) {
        self.publicArea = publicArea
        self.privateArea = privateArea
        origin = .native
    }

    /// What the TPM has just made its own.
    init(imported publicArea: [UInt8], privateArea: [UInt8]) {
        self.publicArea = publicArea
        self.privateArea = privateArea
        origin = .elsewhere
    }

    /// Both parts as TSS takes them.
    /// - Throws: `.blob` where one is malformed; `.objectAttributes` where the object was not made where it should be, or
    ///   opens without its policy.
    func decoded() throws(TPMError) -> (TPM2B_PUBLIC, TPM2B_PRIVATE) {
        let area = try Self.decodedPublic(publicArea, from: origin, .load)
        var wrapped = TPM2B_PRIVATE()
        guard let content = sizedContent(privateArea), store(content, in: &wrapped) else {
            throw TPMError(.load, .blob)
        }
        return (area, wrapped)
    }

    /// The public area as TSS takes it.
    static func decodedPublic(
        _ bytes: [UInt8], from origin: Origin, _ call: TPMError.Call
    ) throws(TPMError) -> TPM2B_PUBLIC {
        let parsed: PublicArea
        do throws(ByteError) { parsed = try PublicArea(parsing: bytes) } catch { throw TPMError(call, .blob) }
        guard parsed.kind == .sealedData, parsed.nameAlgorithm == PublicArea.Algorithm.sha256,
            parsed.attributes == origin.attributes, parsed.authPolicy.count == 32
        else { throw TPMError(call, .objectAttributes) }
        guard let area = decodePublic(bytes) else { throw TPMError(call, .blob) }
        return area
    }

    /// TPM2B_PUBLIC of an object that the TPM is to seal.
    static func template(policyDigest: [UInt8]) -> [UInt8] { area(.native, policyDigest, unique: []) }

    /// TPM2B_PUBLIC of an object that is made elsewhere; `unique` binds its secret.
    package static func publicArea(policyDigest: [UInt8], unique: [UInt8]) -> [UInt8] {
        area(.elsewhere, policyDigest, unique: unique)
    }

    private static func area(_ origin: Origin, _ policyDigest: [UInt8], unique: [UInt8]) -> [UInt8] {
        var area = ByteWriter()
        area.bigEndian(PublicArea.Algorithm.keyedHash)
        area.bigEndian(PublicArea.Algorithm.sha256)
        area.bigEndian(origin.attributes.rawValue)
        area.sized(policyDigest)
        area.bigEndian(PublicArea.Algorithm.null)  // scheme
        area.sized(unique)
        var sized = ByteWriter()
        sized.sized(area.bytes)
        return sized.bytes
    }
}

/// What stands in a TPM2B that is all of `bytes`; nil where it is not.
func sizedContent(_ bytes: [UInt8]) -> [UInt8]? {
    var reader = ByteReader(bytes.span)
    do throws(ByteError) {
        let content = try reader.sized()
        try reader.finish()
        return content
    } catch { return nil }
}
