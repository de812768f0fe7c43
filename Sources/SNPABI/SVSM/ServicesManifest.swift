public import BoundedBytes

/// The manifests of all services of an SVSM: a header of 24 bytes, entries of 24 bytes, then what they point at,
/// little-endian.
///
/// Source: AMD 58019, attestation protocol, table "Services Manifest". GUIDs are in the order of EFI.
public struct ServicesManifest: Equatable, Sendable {
    /// The vTPM: its manifest is an endorsement key.
    public static let vtpm = GUID(0xc476_f1eb, 0x0123, 0x45a5, 0x9641, 0xb4e7_dde5_bfe3)
    /// EFI variables, of coconut-svsm.
    public static let uefiMM = GUID(0xa445_3a59, 0x9e1b, 0x4787, 0xa033, 0x1986_d6ad_be55)

    static let header = GUID(0x6384_9ebb, 0x3d92, 0x4670, 0xa1ff, 0x58f9_c94b_87bb)
    static let headByteCount = 24
    /// More than any SVSM offers.
    static let mostEntries = 64
    static let name = "services manifest"

    public struct Entry: Equatable, Sendable {
        public let service: GUID
        public let contents: [UInt8]

        public init(_ service: GUID, _ contents: [UInt8]) {
            self.service = service
            self.contents = contents
        }
    }

    /// Each service at most once.
    public let entries: [Entry]

    public init(_ entries: [Entry]) throws(SNPFormatError) {
        guard entries.count <= Self.mostEntries else {
            throw SNPFormatError(Self.name, .value(field: "entries", UInt64(entries.count)))
        }
        for (index, entry) in entries.enumerated()
        where entries[..<index].contains(where: { $0.service == entry.service }) {
            throw SNPFormatError(Self.name, .value(field: "entry " + entry.service.description, UInt64(index)))
        }
        self.entries = entries
    }

    public subscript(service: GUID) -> [UInt8]? { entries.first { $0.service == service }?.contents }

    /// Reads a manifest, all of `bytes`: what a report vouches for has no bytes beside it.
    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        var reader = ByteReader(bytes.span)
        let (identifier, length, count) = try Self.head(&reader)
        guard identifier == Self.header else { throw SNPFormatError(Self.name, .missing("header")) }
        guard UInt64(length) == UInt64(bytes.count) else {
            throw SNPFormatError(Self.name, .size(expected: Int(length), found: bytes.count))
        }
        guard count <= UInt32(Self.mostEntries) else {
            throw SNPFormatError(Self.name, .value(field: "entries", UInt64(count)))
        }
        let first = UInt64(Self.headByteCount) * (UInt64(count) + 1)
        var entries: [Entry] = []
        for _ in 0..<count {
            let (service, offset, size) = try Self.head(&reader)
            let end = UInt64(offset) + UInt64(size)
            guard size == 0 || UInt64(offset) >= first, end <= UInt64(bytes.count) else {
                throw SNPFormatError(Self.name, .range(field: "entry " + service.description, UInt64(offset)))
            }
            entries.append(Entry(service, size == 0 ? [] : Array(bytes[Int(offset)..<Int(end)])))
        }
        try self.init(entries)
    }

    public func encoded() -> [UInt8] {
        let first = Self.headByteCount * (entries.count + 1)
        var writer = ByteWriter()
        writer.append(Self.header.bytes)
        writer.littleEndian(UInt32(first + entries.reduce(0) { $0 + $1.contents.count }))
        writer.littleEndian(UInt32(entries.count))
        var offset = first
        for entry in entries {
            writer.append(entry.service.bytes)
            writer.littleEndian(UInt32(offset))
            writer.littleEndian(UInt32(entry.contents.count))
            offset += entry.contents.count
        }
        for entry in entries { writer.append(entry.contents) }
        return writer.bytes
    }

    /// A GUID and two u32: the header has this form, and each entry.
    private static func head(_ reader: inout ByteReader) throws(SNPFormatError) -> (GUID, UInt32, UInt32) {
        do throws(ByteError) { return (try reader.guid(), try reader.integer(), try reader.integer()) } catch {
            throw SNPFormatError(name, .bytes(error))
        }
    }
}
