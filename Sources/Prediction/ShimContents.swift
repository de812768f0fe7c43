internal import BoundedBytes
internal import EFI
internal import InstalledSystem

/// What a shim carries in its sections, and what it makes of that for the lists that it measures.
///
/// Sources: rhboot/shim, `cert.S` (section `.vendor_cert`: two lengths and two offsets from its start, 32 bits each,
/// then what is allowed and what is forbidden), `mok.c` (mirroring), `sbat_var.S` and `sbat.c` (section `.sbatlevel`).
struct ShimContents {
    /// Signature lists for MokListRT and MokListXRT when the owner has added nothing.
    let allowedLists: [UInt8]
    let forbiddenLists: [UInt8]
    /// The level that shim sets unless a newer one is set or its owner wants the latest; nil where it has none.
    let automaticLevel: [UInt8]?

    private static let limit = 1 << 20

    init(_ program: BootProgram) throws(PredictionError) {
        let certificates = try Self.section(".vendor_cert", of: program) ?? []
        let levels = try Self.section(".sbatlevel", of: program)
        do throws(ByteError) {
            var reader = ByteReader(certificates.span)
            let counts = (Int(try reader.integer(UInt32.self)), Int(try reader.integer(UInt32.self)))
            let offsets = (Int(try reader.integer(UInt32.self)), Int(try reader.integer(UInt32.self)))
            let allowed = try Self.part(certificates, offsets.0, counts.0)
            // A lone certificate is a DER SEQUENCE with a length of two bytes; no list's type GUID begins so.
            allowedLists = allowed.starts(with: [0x30, 0x82]) ? Self.list(of: allowed) : allowed
            forbiddenLists = try Self.part(certificates, offsets.1, counts.1)
            automaticLevel = try levels.map { bytes throws(ByteError) in try Self.automaticLevel(in: bytes) }
        } catch {
            throw .system(.program(volume: program.volume.name, path: program.path, .bytes(.section, error)))
        }
    }

    /// A version, then the offsets of the automatic and of the latest level from behind it.
    private static func automaticLevel(in bytes: [UInt8]) throws(ByteError) -> [UInt8] {
        var reader = ByteReader(bytes.span)
        try reader.reserved(4)
        let offset = Int(try reader.integer(UInt32.self))
        try reader.skip(to: 4 + offset)
        return Array(try reader.bytes(reader.remaining).prefix { $0 != 0 })
    }

    private static func section(_ name: String, of program: BootProgram) throws(PredictionError) -> [UInt8]? {
        guard let range = program.image.section(name)?.contentRange else { return nil }
        return try system { () throws(InstalledSystemError) in try program.bytes(range, limit: limit) }
    }

    private static func part(_ bytes: [UInt8], _ offset: Int, _ count: Int) throws(ByteError) -> [UInt8] {
        var reader = ByteReader(bytes.span)
        try reader.skip(to: offset)
        return try reader.bytes(count)
    }

    /// An EFI_SIGNATURE_LIST with one certificate that belongs to shim.
    private static func list(of certificate: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(SignatureList.x509.bytes)
        writer.littleEndian(UInt32(28 + 16 + certificate.count))
        writer.littleEndian(UInt32(0))
        writer.littleEndian(UInt32(16 + certificate.count))
        writer.append(GUID.shim.bytes)
        writer.append(certificate)
        return writer.bytes
    }
}
