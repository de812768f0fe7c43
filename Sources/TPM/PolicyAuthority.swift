internal import BoundedBytes

/// Who may approve policies: a P-256 key that signs them with ECDSA over SHA-256, and what its approvals are for.
///
/// A value: the name is computed from the public area, never taken from a TPM.
public struct PolicyAuthority: Equatable, Sendable {
    /// TPM2B_PUBLIC in its wire form, 90 bytes.
    public let publicArea: [UInt8]
    /// 34 bytes: 0x000B, then SHA-256 over the TPMT_PUBLIC.
    public let name: [UInt8]
    /// policyRef, 1 to 64 bytes: an approval holds only where the same reference is asked for.
    public let reference: [UInt8]

    /// Takes the one public area that such a key has, apart from its point.
    /// - Throws: `.authorityKey` for any other; `.policyReference`.
    public init(publicArea: [UInt8], reference: [UInt8]) throws(TPMError) {
        guard publicArea.count == Self.byteCount else { throw TPMError(.loadExternal, .authorityKey) }
        try self.init(x: Array(publicArea[24..<56]), y: Array(publicArea[58..<90]), reference: reference)
        guard self.publicArea == publicArea else { throw TPMError(.loadExternal, .authorityKey) }
    }

    /// Takes the point of the public key, 32 bytes each, big-endian. Whether it lies on the curve is seen by the TPM.
    /// - Throws: `.authorityKey` where the sizes are others; `.policyReference`.
    public init(x: [UInt8], y: [UInt8], reference: [UInt8]) throws(TPMError) {
        guard x.count == 32, y.count == 32 else { throw TPMError(.loadExternal, .authorityKey) }
        try self.init(verified: Self.area(x, y), reference: reference)
    }

    /// The same key, for another purpose.
    init(keyOf other: PolicyAuthority, reference: [UInt8]) throws(TPMError) {
        try self.init(verified: other.publicArea, reference: reference)
    }

    private init(verified publicArea: [UInt8], reference: [UInt8]) throws(TPMError) {
        // TPM2B_NONCE has room for the longest digest that all TPMs know.
        guard 1...64 ~= reference.count else { throw TPMError(.policyAuthorize, .policyReference) }
        self.publicArea = publicArea
        self.reference = reference
        name = try objectName(publicArea, .loadExternal)
    }

    /// What the key signs to approve a policy: `policyDigest` (32 bytes) and the reference behind it.
    ///
    /// Source: TCG TPM 2.0 Library, Part 3, section 23.16 (TPM2_PolicyAuthorize), aHash.
    public func message(approving policyDigest: [UInt8]) -> [UInt8] { policyDigest + reference }

    private static let byteCount = 90

    /// Source: TCG TPM 2.0 Library, Part 2, sections 12.2.4 and 12.2.3.6 (TPMS_ECC_PARMS). `userWithAuth` and
    /// `noDictionaryAttack` change nothing in a public key, but belong to its name.
    private static func area(_ x: [UInt8], _ y: [UInt8]) -> [UInt8] {
        let attributes: PublicArea.Attributes = [.userWithAuth, .noDictionaryAttack, .sign]
        var area = ByteWriter()
        area.bigEndian(PublicArea.Algorithm.ecc)
        area.bigEndian(PublicArea.Algorithm.sha256)
        area.bigEndian(attributes.rawValue)
        area.sized([])  // authPolicy
        area.bigEndian(PublicArea.Algorithm.null)  // symmetric
        area.bigEndian(PublicArea.Algorithm.ecdsa)
        area.bigEndian(PublicArea.Algorithm.sha256)
        area.bigEndian(PublicArea.Algorithm.p256)
        area.bigEndian(PublicArea.Algorithm.null)  // kdf
        area.sized(x)
        area.sized(y)
        var sized = ByteWriter()
        sized.sized(area.bytes)
        return sized.bytes
    }
}

/// The name of an object or NV index whose nameAlg is SHA-256, from its public area, which begins with its size.
///
/// Source: TCG TPM 2.0 Library, Part 1, section 16.
func objectName(_ publicArea: [UInt8], _ call: TPMError.Call) throws(TPMError) -> [UInt8] {
    [0x00, 0x0B] + (try sha256(Array(publicArea.dropFirst(2)), call))
}
