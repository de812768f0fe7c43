public import BoundedBytes

/// The table of certificates that comes with an extended report: entries of 24 bytes up to an all-zero one, each a GUID,
/// an offset from the start of the table, and a length; then the certificates, DER or PEM as the host has them.
///
/// Here the GUIDs are in the order of their text, unlike anywhere else.
/// Source: AMD 56421, "SEV-ES Guest-Hypervisor Communication Block", SNP Extended Guest Request.
public struct CertificateTable: Equatable, Sendable {
    public struct Entry: Equatable, Sendable {
        public let identifier: GUID
        public let contents: [UInt8]

        public init(_ identifier: GUID, _ contents: [UInt8]) {
            self.identifier = identifier
            self.contents = contents
        }
    }

    public static let vcek = GUID(0x63da_758d, 0xe664, 0x4564, 0xadc5, 0xf4b9_3be8_accd)
    public static let vlek = GUID(0xa807_4bc2, 0xa25a, 0x483e, 0xaae6, 0x39c0_45a0_b8a1)
    /// Also the ASVK, which signs VLEKs.
    public static let ask = GUID(0x4ab7_b379, 0xbbac, 0x4fe4, 0xa02f, 0x05ae_f327_c782)
    public static let ark = GUID(0xc0b4_06a4, 0xa803, 0x4952, 0x9743, 0x3fb6_014c_d0ae)
    public static let crl = GUID(0x92f8_1bc3, 0x5811, 0x4d3d, 0x97ff, 0xd19f_88dc_67ea)

    /// More than any host has, and more than we look at.
    static let mostEntries = 64
    static let name = "certificate table"
    private static let entryByteCount = 24

    public var entries: [Entry]

    public init(_ entries: [Entry]) { self.entries = entries }

    /// The first one of its kind.
    public subscript(identifier: GUID) -> [UInt8]? { entries.first { $0.identifier == identifier }?.contents }

    /// Reads a table with whatever follows it. No bytes at all are a table without entries: so says a host that has none.
    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        entries = []
        guard !bytes.isEmpty else { return }
        var places: [(identifier: GUID, range: Range<Int>)] = []
        var reader = ByteReader(bytes.span)
        while true {
            let (identifier, offset, length) = try Self.entry(&reader)
            if identifier.isZero, offset == 0, length == 0 { break }
            guard places.count < Self.mostEntries else {
                throw SNPFormatError(Self.name, .value(field: "entries", UInt64(places.count + 1)))
            }
            guard UInt64(offset) + UInt64(length) <= UInt64(bytes.count) else {
                throw SNPFormatError(Self.name, .range(field: "entry " + identifier.description, UInt64(offset)))
            }
            places.append((identifier, Int(offset)..<Int(offset) + Int(length)))
        }
        for (identifier, range) in places {
            guard range.isEmpty || range.lowerBound >= reader.offset else {
                throw SNPFormatError(
                    Self.name, .range(field: "entry " + identifier.description, UInt64(range.lowerBound)))
            }
            entries.append(Entry(identifier, Array(bytes[range])))
        }
    }

    private static func entry(_ reader: inout ByteReader) throws(SNPFormatError) -> (GUID, UInt32, UInt32) {
        do throws(ByteError) {
            return (
                GUID(textOrder: try reader.bytes(16)) ?? .zero, try reader.integer(), try reader.integer()
            )
        } catch { throw SNPFormatError(name, .bytes(error)) }
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        var offset = (entries.count + 1) * Self.entryByteCount
        for entry in entries {
            writer.append(entry.identifier.textOrder)
            writer.littleEndian(UInt32(offset))
            writer.littleEndian(UInt32(entry.contents.count))
            offset += entry.contents.count
        }
        writer.zeros(Self.entryByteCount)
        for entry in entries { writer.append(entry.contents) }
        return writer.bytes
    }
}
