public import BoundedBytes

/// UEFI_VARIABLE_DATA: one variable as it was measured.
///
/// Source: TCG PC Client Platform Firmware Profile 1.06, section 10.4.3.
public struct VariableData: Equatable, Sendable {
    public let vendor: GUID  // 0
    public let name: String  // 32
    /// The variable's contents, in bytes from the start of the log.
    public let value: Range<Int>
    /// The whole structure.
    let structure: Range<Int>
    /// Bytes of the event behind the structure.
    let extra: Int

    /// Longest name that is read, in UTF-16 units; edk2's longest has 41.
    private static let longestName: UInt64 = 1024

    init(_ bytes: [UInt8], _ data: Range<Int>) throws(ByteError) {
        var reader = ByteReader(bytes.span.extracting(0..<data.upperBound))
        try reader.skip(to: data.lowerBound)
        vendor = try reader.guid()
        let nameUnits: UInt64 = try reader.integer()
        let valueCount: UInt64 = try reader.integer()
        guard nameUnits <= Self.longestName else {
            throw .truncated(offset: reader.offset, needed: Int(clamping: nameUnits), available: reader.remaining)
        }
        name = String(decoding: try reader.units(Int(nameUnits)), as: UTF16.self)
        let start = reader.offset
        try reader.skip(Int(clamping: valueCount))
        value = start..<reader.offset
        structure = data.lowerBound..<reader.offset
        extra = reader.remaining
    }
}
