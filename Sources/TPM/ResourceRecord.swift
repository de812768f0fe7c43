internal import BoundedBytes

/// ESYS's own record of a key or NV index, from which it makes a resource without asking the TPM.
///
/// Source: tpm2-tss src/tss2-esys/esys_mu.c, iesys_MU_IESYS_RESOURCE_Marshal, and esys_types.h: handle, TPM2B_NAME,
/// 32-bit type, public area, big-endian. systemd stores the same bytes in LUKS2 tokens, so they do not change.
struct ResourceRecord: Equatable {
    enum Kind: UInt32 {
        /// IESYSC_KEY_RSRC, with a TPM2B_PUBLIC.
        case key = 1
        /// IESYSC_NV_RSRC, with a TPM2B_NV_PUBLIC.
        case index = 2
    }

    let kind: Kind
    let handle: UInt32
    let name: [UInt8]
    /// The public area in its wire form.
    let publicArea: [UInt8]

    init(_ kind: Kind, handle: UInt32, name: [UInt8], publicArea: [UInt8]) {
        self.kind = kind
        self.handle = handle
        self.name = name
        self.publicArea = publicArea
    }

    /// Reads what ESYS wrote; the public area is not looked into.
    /// - Throws: `.reply` where it is malformed, of another kind, or of another handle.
    init(parsing bytes: [UInt8], as kind: Kind, handle: UInt32) throws(TPMError) {
        let (recorded, type): (UInt32, UInt32)
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            recorded = try reader.bigEndian()
            name = try reader.sized()
            type = try reader.bigEndian()
            publicArea = try reader.bytes(reader.remaining)
        } catch { throw TPMError(.serialize, .reply) }
        guard recorded == handle, type == kind.rawValue else { throw TPMError(.serialize, .reply) }
        self.kind = kind
        self.handle = handle
    }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.bigEndian(handle)
        writer.sized(name)
        writer.bigEndian(kind.rawValue)
        writer.append(publicArea)
        return writer.bytes
    }
}
