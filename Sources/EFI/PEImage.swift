internal import BoundedBytes

/// The layout of a PE image: where the firmware finds what it hashes, and what is beside it.
///
/// It reads no file: the caller gives the head and the length, and fetches the ranges. Source: Microsoft, "PE
/// Format"; what is refused beyond that is what no loader of a boot chain has a use for. Integers are little-endian.
public struct PEImage: Equatable, Sendable {
    /// Length of the file in bytes.
    public let byteCount: Int
    /// IMAGE_FILE_MACHINE, 0x8664 for x86-64.
    public let machine: UInt16
    /// IMAGE_SUBSYSTEM, 10 for an EFI application.
    public let subsystem: UInt16
    /// SizeOfHeaders: all headers and the section table, in bytes from the start of the file.
    public let headerByteCount: Int
    /// In the order of the table.
    public let sections: [PESection]
    /// The attribute certificate table at the end of the file; nil for an unsigned image.
    public let certificateTable: Range<Int>?
    /// Where CheckSum lies, and where data directory 4 lies if the header has one: the two gaps of the hash.
    let checksumOffset: Int
    let certificateEntryOffset: Int?
    /// Where the names of sections lie that have more than eight bytes; nil where there are none within the file.
    let stringTableOffset: Int?
    /// Relative virtual address and size of the resources; zero where there are none.
    let resourceAddress: UInt32
    let resourceSize: UInt32

    /// All headers must lie within this length of the start of the file, in bytes.
    public static let headLimit = 1 << 20

    /// Reads the headers at the start of a file that is `byteCount` long.
    ///
    /// - Parameter head: the first `headLimit` bytes of the file, or all of it if it is shorter.
    public init(parsing head: Span<UInt8>, byteCount: Int) throws(EFIError) {
        let header = try PEHeader(parsing: head.extracting(first: Self.headLimit))
        self.byteCount = byteCount
        machine = header.machine
        subsystem = header.subsystem
        headerByteCount = Int(header.headerByteCount)
        sections = header.sections
        checksumOffset = header.optionalOffset + 64
        certificateEntryOffset = header.directories.count > 4 ? header.directoriesOffset + 32 : nil
        let isInside = header.stringTableOffset > 0 && header.stringTableOffset + 4 <= UInt64(byteCount)
        stringTableOffset = isInside ? Int(header.stringTableOffset) : nil
        let resources = header.directories.count > 2 ? header.directories[2] : PEHeader.Directory(address: 0, size: 0)
        (resourceAddress, resourceSize) = (resources.address, resources.size)
        guard headerByteCount >= header.endOffset, headerByteCount <= byteCount else {
            throw .range(.header, field: "SizeOfHeaders", offset: 0, count: headerByteCount)
        }
        certificateTable = try Self.certificateTable(header, after: headerByteCount, byteCount: byteCount)
        try Self.check(sections, after: headerByteCount, before: certificateTable?.lowerBound ?? byteCount)
    }

    public init(parsing file: [UInt8]) throws(EFIError) { try self.init(parsing: file.span, byteCount: file.count) }

    /// The address in data directory 4 is, unlike the others, an offset in the file, and the table is its tail.
    private static func certificateTable(
        _ header: PEHeader, after start: Int, byteCount: Int
    ) throws(EFIError) -> Range<Int>? {
        guard header.directories.count > 4, header.directories[4].size > 0 else { return nil }
        let (offset, count) = (Int(header.directories[4].address), Int(header.directories[4].size))
        guard offset >= start, offset <= byteCount, count == byteCount - offset else {
            throw .range(.certificateTable, field: "data directory 4", offset: offset, count: count)
        }
        return offset..<byteCount
    }

    /// Raw data lies behind the headers, before the certificate table, and no byte of it belongs to two sections.
    private static func check(_ sections: [PESection], after start: Int, before end: Int) throws(EFIError) {
        let filled = sections.filter { !$0.rawRange.isEmpty }.sorted { $0.rawRange.lowerBound < $1.rawRange.lowerBound }
        for section in filled {
            guard section.rawRange.lowerBound >= start, section.rawRange.upperBound <= end else {
                let range = section.rawRange
                throw .range(.section, field: "raw data", offset: range.lowerBound, count: range.count)
            }
        }
        for (one, next) in zip(filled, filled.dropFirst()) where next.rawRange.lowerBound < one.rawRange.upperBound {
            throw .sectionsOverlap(one.number, next.number)
        }
    }

    /// The only section of that name; nil where there is none, or more than one.
    public func section(_ name: String) -> PESection? {
        let found = sections.filter { $0.name == name }
        return found.count == 1 ? found[0] : nil
    }

    /// The sections that systemd-stub reads, where this is a unified kernel image: one with a `.linux` section.
    ///
    /// Source: UAPI group specification 5, "Unified Kernel Image".
    public var unifiedKernelSections: [PESection] {
        guard sections.contains(where: { $0.name == ".linux" }) else { return [] }
        return sections.filter { Self.unifiedKernelNames.contains($0.name) }
    }

    private static let unifiedKernelNames = [
        ".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrsig",
        ".pcrpkey", ".profile", ".dtbauto", ".hwids", ".efifw",
    ]
}
