internal import BoundedBytes
internal import CTSS2

/// A secret that one TPM has wrapped. Neither part is secret, and both may come from an enemy.
public struct SealedBlob: Equatable, Sendable {
    /// TPM2B_PUBLIC in its wire form.
    public let publicArea: [UInt8]
    /// TPM2B_PRIVATE in its wire form.
    public let privateArea: [UInt8]

    public init(publicArea: [UInt8], privateArea: [UInt8]) {
        self.publicArea = publicArea
        self.privateArea = privateArea
    }

    /// What a TPM makes of data that it seals for itself and for one policy alone. `noDictionaryAttack`: a power
    /// cut between use and the TPM's shutdown must not count as a failed try.
    static let attributes: PublicArea.Attributes = [.fixedTPM, .fixedParent, .adminWithPolicy, .noDictionaryAttack]

    /// Both parts as TSS takes them.
    /// - Throws: `.blob` where one is malformed; `.objectAttributes` where the object could have been made
    ///   outside the TPM (and be known to its maker) or opens without its policy.
    func decoded() throws(TPMError) -> (TPM2B_PUBLIC, TPM2B_PRIVATE) {
        let parsed: PublicArea
        var content: [UInt8] = []
        do throws(ByteError) {
            parsed = try PublicArea(parsing: publicArea)
            var reader = ByteReader(privateArea.span)
            content = try reader.sized()
            try reader.finish()
        } catch { throw TPMError(.load, .blob) }
        guard parsed.kind == .sealedData, parsed.nameAlgorithm == PublicArea.Algorithm.sha256,
            parsed.attributes == SealedBlob.attributes, parsed.authPolicy.count == 32
        else { throw TPMError(.load, .objectAttributes) }
        var wrapped = TPM2B_PRIVATE()
        guard let area = decodePublic(publicArea), store(content, in: &wrapped) else { throw TPMError(.load, .blob) }
        return (area, wrapped)
    }

    /// TPM2B_PUBLIC of an object to be sealed.
    static func template(policyDigest: [UInt8]) -> [UInt8] {
        var area = ByteWriter()
        area.bigEndian(PublicArea.Algorithm.keyedHash)
        area.bigEndian(PublicArea.Algorithm.sha256)
        area.bigEndian(attributes.rawValue)
        area.sized(policyDigest)
        area.bigEndian(PublicArea.Algorithm.null)  // scheme
        area.sized([])  // unique
        var template = ByteWriter()
        template.sized(area.bytes)
        return template.bytes
    }
}
