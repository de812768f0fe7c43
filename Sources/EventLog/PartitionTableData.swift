public import BoundedBytes

/// UEFI_GPT_DATA: the partition table of the disk that was booted from.
///
/// Source: TCG PC Client Platform Firmware Profile 1.06, section 10.4.4; UEFI 2.10, section 5.3.
public struct PartitionTableData: Equatable, Sendable {
    public let diskGUID: GUID
    public let partitionCount: Int

    private static let headerBytes = 92
    private static let entryBytes = 128

    init(_ bytes: [UInt8], _ data: Range<Int>) throws(ByteError) {
        let start = data.lowerBound
        var reader = ByteReader(bytes.span.extracting(0..<data.upperBound))
        try reader.skip(to: start)
        let signature = try reader.bytes(8)
        guard signature == Array("EFI PART".utf8) else { throw .reservedNotZero(offset: start) }
        try reader.skip(to: start + 56)
        diskGUID = try reader.guid()
        try reader.skip(to: start + Self.headerBytes)
        let count: UInt64 = try reader.integer()
        guard count <= UInt64(reader.remaining / Self.entryBytes) else {
            throw .truncated(offset: reader.offset, needed: Int(clamping: count), available: reader.remaining)
        }
        try reader.skip(Int(count) * Self.entryBytes)
        try reader.finish()
        partitionCount = Int(count)
    }
}
