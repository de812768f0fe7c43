internal import BoundedBytes

/// What an OVMF image, or an SVSM, wants to find in which part of the guest's memory when it starts.
///
/// Source: edk2 `OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm`: the signature "ASEV", then three u32 (length, version,
/// number of sections), then three u32 a section (address, size, type), little-endian.
public struct SEVMetadata: Equatable, Sendable {
    public enum SectionType: UInt32, CaseIterable, Sendable {
        /// Memory that the firmware uses before it can accept any by itself.
        case memory = 1
        case secrets = 2
        case cpuid = 3
        /// Calling area of an SVSM.
        case callingArea = 4
        /// The page with the SEV hashes table.
        case kernelHashes = 0x10
    }

    public struct Section: Equatable, Sendable {
        /// Guest physical.
        public let address: UInt64
        public let byteCount: UInt64
        public let type: SectionType

        var end: UInt64 { address + byteCount }
    }

    static let name = "SEV metadata"
    private static let headerByteCount = 16
    private static let sectionByteCount = 12

    /// In the order of the table, which is the order in which they are measured.
    public let sections: [Section]

    /// Reads the metadata of `image` that begin `offset` bytes before its end.
    ///
    /// Sections must be whole pages, below 4 GiB, and must not overlap; those that the firmware of the processor fills
    /// must be one page.
    public init(inImage image: [UInt8], offsetFromEnd offset: UInt32) throws(SNPFormatError) {
        guard UInt64(offset) <= UInt64(image.count), offset >= UInt32(Self.headerByteCount) else {
            throw SNPFormatError(Self.name, .range(field: "offset", UInt64(offset)))
        }
        let bytes = Array(image[(image.count - Int(offset))...])
        var reader = ByteReader(bytes.span)
        let (signature, length, version, count): ([UInt8], UInt32, UInt32, UInt32)
        do throws(ByteError) {
            signature = try reader.bytes(4)
            length = try reader.integer()
            version = try reader.integer()
            count = try reader.integer()
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard signature == Array("ASEV".utf8) else { throw SNPFormatError(Self.name, .missing("signature")) }
        guard version == 1 else { throw SNPFormatError(Self.name, .version(version)) }
        guard UInt64(length) == UInt64(Self.headerByteCount) + UInt64(count) * UInt64(Self.sectionByteCount) else {
            throw SNPFormatError(Self.name, .value(field: "length", UInt64(length)))
        }
        guard length <= offset else { throw SNPFormatError(Self.name, .range(field: "length", UInt64(length))) }
        var sections: [Section] = []
        for _ in 0..<count { sections.append(try Self.section(&reader)) }
        try Self.checkOverlaps(sections)
        self.sections = sections
    }

    public func has(_ type: SectionType) -> Bool { sections.contains { $0.type == type } }

    private static func section(_ reader: inout ByteReader) throws(SNPFormatError) -> Section {
        let (address, size, number): (UInt32, UInt32, UInt32)
        do throws(ByteError) {
            address = try reader.integer()
            size = try reader.integer()
            number = try reader.integer()
        } catch { throw SNPFormatError(name, .bytes(error)) }
        guard let type = SectionType(rawValue: number) else {
            throw SNPFormatError(name, .value(field: "type", UInt64(number)))
        }
        let section = Section(address: UInt64(address), byteCount: UInt64(size), type: type)
        let isOnePage = size == 4096
        let mustBeOnePage = type == .secrets || type == .cpuid || type == .kernelHashes
        guard size > 0, size.isMultiple(of: 4096), isOnePage || !mustBeOnePage else {
            throw SNPFormatError(name, .value(field: "size", UInt64(size)))
        }
        guard address.isMultiple(of: 4096), section.end <= 1 << 32 else {
            throw SNPFormatError(name, .range(field: "address", UInt64(address)))
        }
        return section
    }

    private static func checkOverlaps(_ sections: [Section]) throws(SNPFormatError) {
        let ordered = sections.sorted { $0.address < $1.address }
        for (one, next) in zip(ordered, ordered.dropFirst()) where next.address < one.end {
            throw SNPFormatError(name, .range(field: "address", next.address))
        }
    }
}
