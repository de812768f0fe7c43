internal import BoundedBytes

/// An NV counter that a policy compares with its own count, and that only an authority can step.
///
/// A value: its name follows from handle and authority alone. An index that is missing, was not stepped yet, or is
/// another one under the same handle has another name, and satisfies no policy.
public struct RevocationCounter: Equatable, Sendable {
    /// TPM handle, 0x01800000 to 0x01BFFFFF: NV indices that the owner defines.
    public let handle: UInt32
    /// Who approves steps: the authority's key, for this purpose.
    public let authority: PolicyAuthority
    /// TPM2B_NV_PUBLIC in its wire form, as TPM2_NV_DefineSpace takes it.
    public let publicInfo: [UInt8]
    /// 34 bytes: the name once the counter was stepped (with TPMA_NV_WRITTEN).
    public let name: [UInt8]
    /// As `name`, before the first step.
    let unwrittenName: [UInt8]
    private let writtenInfo: [UInt8]

    /// policyRef of steps, so that approving a policy never approves a step.
    private static let reference = Array("sealroot counter step v1".utf8)

    /// - Parameter authority: its key counts, its reference does not.
    /// - Throws: `.counterHandle` where `handle` is not one of `handles`.
    public init(handle: UInt32, authority: PolicyAuthority) throws(TPMError) {
        guard Self.handles.contains(handle) else { throw TPMError(.defineSpace, .counterHandle) }
        self.handle = handle
        self.authority = try PolicyAuthority(keyOf: authority, reference: Self.reference)
        let policy = try PolicyDigest.authorized(by: self.authority)
        publicInfo = Self.info(handle, Self.attributes, policy)
        writtenInfo = Self.info(handle, Self.attributes | Self.written, policy)
        unwrittenName = try objectName(publicInfo, .policyDigest)
        name = try objectName(writtenInfo, .policyDigest)
    }

    /// What is left to owners. Source: TCG Registry of Reserved TPM 2.0 Handles and Localities, NV indices.
    public static let handles: ClosedRange<UInt32> = 0x0180_0000...0x01BF_FFFF

    /// ESYS's record of the index, in one of its two states.
    func record(isWritten: Bool) -> ResourceRecord {
        ResourceRecord(
            .index, handle: handle, name: isWritten ? name : unwrittenName,
            publicArea: isWritten ? writtenInfo : publicInfo)
    }

    /// TPMA_NV: POLICYWRITE, TPM_NT_COUNTER, OWNERREAD, AUTHREAD, NO_DA. Without AUTHWRITE and OWNERWRITE the policy
    /// is the only way to step it. Source: TCG TPM 2.0 Library, Part 2, section 13.4.
    private static let attributes: UInt32 = 1 << 3 | 1 << 4 | 1 << 17 | 1 << 18 | 1 << 25
    /// TPMA_NV_WRITTEN.
    private static let written: UInt32 = 1 << 29

    /// Source: TCG TPM 2.0 Library, Part 2, section 13.5 (TPMS_NV_PUBLIC).
    private static func info(_ handle: UInt32, _ attributes: UInt32, _ policy: [UInt8]) -> [UInt8] {
        var area = ByteWriter()
        area.bigEndian(handle)
        area.bigEndian(PublicArea.Algorithm.sha256)
        area.bigEndian(attributes)
        area.sized(policy)
        area.bigEndian(UInt16(8))  // dataSize
        var info = ByteWriter()
        info.sized(area.bytes)
        return info.bytes
    }
}
