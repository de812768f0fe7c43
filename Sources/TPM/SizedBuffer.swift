internal import BoundedBytes
internal import CTSS2

// TPM2B structures: a 16-bit size in the machine's byte order, then an array with room for more.

/// The bytes in use; nil where the size is more than there is room for.
func contents<Sized>(_ sized: UnsafePointer<Sized>) -> [UInt8]? {
    let raw = unsafe UnsafeRawBufferPointer(start: sized, count: MemoryLayout<Sized>.size)
    let count = Int(unsafe raw.loadUnaligned(as: UInt16.self))
    guard 2 + count <= raw.count else { return nil }
    return unsafe Array(raw[2..<2 + count])
}

/// Stores `bytes`; false where there is not enough room.
func store<Sized>(_ bytes: [UInt8], in sized: inout Sized) -> Bool {
    unsafe withUnsafeMutableBytes(of: &sized) { raw in
        guard 2 + bytes.count <= raw.count else { return false }
        unsafe raw.storeBytes(of: UInt16(bytes.count), as: UInt16.self)
        unsafe UnsafeMutableRawBufferPointer(rebasing: raw[2...]).copyBytes(from: bytes)
        return true
    }
}

/// Decodes a TPM2B_PUBLIC; nil where it is malformed or followed by more.
func decodePublic(_ bytes: [UInt8]) -> TPM2B_PUBLIC? {
    var area = TPM2B_PUBLIC()
    var offset = 0
    let code = unsafe Tss2_MU_TPM2B_PUBLIC_Unmarshal(bytes, bytes.count, &offset, &area)
    return code == TSS2_RC_SUCCESS && offset == bytes.count ? area : nil
}

/// Decodes a TPM2B_NV_PUBLIC; nil where it is malformed or followed by more.
func decodeIndexPublic(_ bytes: [UInt8]) -> TPM2B_NV_PUBLIC? {
    var area = TPM2B_NV_PUBLIC()
    var offset = 0
    let code = unsafe Tss2_MU_TPM2B_NV_PUBLIC_Unmarshal(bytes, bytes.count, &offset, &area)
    return code == TSS2_RC_SUCCESS && offset == bytes.count ? area : nil
}

/// The wire form of a TPM2B_PUBLIC.
func encode(_ area: UnsafePointer<TPM2B_PUBLIC>) throws(TPMError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: MemoryLayout<TPM2B_PUBLIC>.size)
    var offset = 0
    let code = unsafe Tss2_MU_TPM2B_PUBLIC_Marshal(area, &bytes, bytes.count, &offset)
    guard code == TSS2_RC_SUCCESS else { throw TPMError(.marshal, code: code) }
    return Array(bytes.prefix(offset))
}
