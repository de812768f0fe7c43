public import BoundedBytes

/// The table of GUIDs that ends 32 bytes before the end of an OVMF image, and is read backwards: each entry is its data,
/// a 16-bit length of all of it, and its GUID.
///
/// Source: edk2 `OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm`; QEMU `hw/i386/pc_sysfw_ovmf.c`.
public struct FirmwareTable: Equatable, Sendable {
    public struct Entry: Equatable, Sendable {
        public let identifier: GUID
        public let contents: [UInt8]
    }

    /// u32: where the SEV metadata begin, counted back from the end of the image.
    public static let sevMetadata = GUID(0xdc88_6566, 0x984a, 0x4798, 0xa75e, 0x5585_a7bf_67cc)
    /// u32 address and u32 size of the area for the SEV hashes table; both zero where there is none.
    public static let hashesTableArea = GUID(0x7255_371f, 0x3a3b, 0x4b04, 0x927b, 0x1da6_efa8_d454)
    /// u32 address and u32 size of the area for secrets that are injected at launch.
    public static let launchSecretArea = GUID(0x4c2e_b361, 0x7d9b, 0x4cc3, 0x8081, 0x127c_90d3_d294)
    /// u32: where virtual CPUs other than the first begin.
    public static let resetBlock = GUID(0x00f7_71de, 0x1a7e, 0x4fcb, 0x890e, 0x68c7_7e2f_b44e)
    /// u32: where an SVSM begins, from the start of its image.
    public static let svsmInformation = GUID(0xa789_a612, 0x0597, 0x4c4b, 0xa49f, 0xcbb1_fe9d_1ddd)
    public static let tdxMetadata = GUID(0xe47a_6535, 0x984a, 0x4798, 0x865e, 0x4685_a7bf_8ec2)

    static let footer = GUID(0x96b5_82de, 0x1fb2, 0x45f7, 0xbaea, 0xa366_c55a_082d)
    static let name = "OVMF GUID table"
    /// What lies behind the table: the reset vector.
    private static let tailByteCount = 32
    /// A length and a GUID.
    private static let headByteCount = 18
    /// Ten times what any firmware has.
    static let mostEntries = 64

    /// In the order of the walk, which is from the end.
    public let entries: [Entry]

    public subscript(identifier: GUID) -> [UInt8]? { entries.first { $0.identifier == identifier }?.contents }

    /// Reads the table at the end of `image`; it is empty where there is none.
    public init(inImage image: [UInt8]) throws(SNPFormatError) {
        var found: [Entry] = []
        let footerStart = image.count - Self.tailByteCount - Self.headByteCount
        guard footerStart >= 0, case let (identifier, length) = Self.head(image, footerStart), identifier == Self.footer
        else {
            entries = []
            return
        }
        // The length counts the footer itself.
        let start = footerStart - (length - Self.headByteCount)
        guard length >= Self.headByteCount, start >= 0 else {
            throw SNPFormatError(Self.name, .range(field: "length", UInt64(length)))
        }
        var end = footerStart
        while end > start {
            let room = end - start
            guard room >= Self.headByteCount else {
                throw SNPFormatError(Self.name, .range(field: "rest", UInt64(room)))
            }
            let (identifier, length) = Self.head(image, end - Self.headByteCount)
            guard length >= Self.headByteCount, length <= room else {
                throw SNPFormatError(Self.name, .range(field: "length of " + identifier.description, UInt64(length)))
            }
            // Which of two entries counts, readers disagree on.
            guard found.count < Self.mostEntries, !found.contains(where: { $0.identifier == identifier }) else {
                throw SNPFormatError(Self.name, .value(field: "entry " + identifier.description, UInt64(found.count)))
            }
            found.append(Entry(identifier: identifier, contents: Array(image[end - length..<end - Self.headByteCount])))
            end -= length
        }
        entries = found
    }

    /// The length and the GUID at `offset`, which has room for both.
    private static func head(_ image: [UInt8], _ offset: Int) -> (GUID, Int) {
        let length = Int(image[offset]) | Int(image[offset + 1]) << 8
        return (GUID(bytes: Array(image[offset + 2..<offset + headByteCount])) ?? .zero, length)
    }
}
