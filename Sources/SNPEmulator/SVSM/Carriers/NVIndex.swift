internal import BoundedBytes

/// An index in the vTPM's NV memory that the platform defines and fills, and the guest may only read.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 13.4 (TPMA_NV); Part 3, section 31.
struct NVIndex {
    let handle: UInt32
    /// Longest index of libtpms, in bytes.
    static let longest = 2048
    /// Longest piece of one TPM2_NV_Write that every TPM takes.
    private static let piece = 1024

    // PPWRITE, PPREAD, OWNERREAD, AUTHREAD, NO_DA, PLATFORMCREATE.
    private static let attributes: UInt32 = 1 << 0 | 1 << 16 | 1 << 17 | 1 << 18 | 1 << 25 | 1 << 30

    func isDefined(in tpm: VirtualTPM) throws(SVSMError) -> Bool {
        let response = try tpm.exchange(TPMCommand.encode(.nvReadPublic, handles: [handle]))
        return TPMFrame.code(response) == 0
    }

    /// Defines the index anew with these contents.
    func fill(_ contents: [UInt8], in tpm: VirtualTPM) throws(SVSMError) {
        guard contents.count <= Self.longest else { throw .frame("\(contents.count) bytes for an NV index") }
        let platform = TPMCommand.Hierarchy.platform.rawValue
        if try isDefined(in: tpm) {
            _ = try tpm.perform(
                "TPM2_NV_UndefineSpace",
                TPMCommand.encode(.nvUndefineSpace, handles: [platform, handle], isAuthorized: true))
        }
        var area = ByteWriter()
        area.bigEndian(handle)
        area.bigEndian(UInt16(0x000B))  // nameAlg: SHA-256
        area.bigEndian(Self.attributes)
        area.sized([])  // no policy
        area.bigEndian(UInt16(contents.count))
        var parameters = ByteWriter()
        parameters.sized([])  // no password
        parameters.sized(area.bytes)
        _ = try tpm.perform(
            "TPM2_NV_DefineSpace",
            TPMCommand.encode(
                .nvDefineSpace, handles: [platform], isAuthorized: true, parameters: parameters.bytes))
        for start in stride(from: 0, to: contents.count, by: Self.piece) {
            var parameters = ByteWriter()
            parameters.sized(Array(contents[start..<min(start + Self.piece, contents.count)]))
            parameters.bigEndian(UInt16(start))
            _ = try tpm.perform(
                "TPM2_NV_Write",
                TPMCommand.encode(
                    .nvWrite, handles: [platform, handle], isAuthorized: true, parameters: parameters.bytes))
        }
    }
}
