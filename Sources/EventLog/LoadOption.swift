internal import BoundedBytes

/// EFI_LOAD_OPTION: one entry of the firmware's boot menu.
///
/// Source: UEFI 2.10, section 3.1.3.
public struct LoadOption: Equatable, Sendable {
    /// Bit 0: the entry is active.
    public let attributes: UInt32  // 0
    public let title: String  // 6
    public let path: DevicePath
    /// What the loaded program gets, in bytes from the start of the log.
    public let optionalData: Range<Int>

    init(_ bytes: [UInt8], _ value: Range<Int>) throws(ByteError) {
        var reader = ByteReader(bytes.span.extracting(0..<value.upperBound))
        try reader.skip(to: value.lowerBound)
        attributes = try reader.integer()
        let pathBytes: UInt16 = try reader.integer()
        title = String(decoding: try reader.terminatedUnits(), as: UTF16.self)
        let start = reader.offset
        try reader.skip(Int(pathBytes))
        path = try DevicePath(bytes, start..<reader.offset)
        optionalData = reader.offset..<value.upperBound
    }

    /// Reads the value of a variable; ranges are then in bytes from its start. nil where it has not this form.
    public init?(parsing bytes: [UInt8]) {
        do throws(ByteError) { try self.init(bytes, 0..<bytes.count) } catch { return nil }
    }
}

extension EventLog {
    /// What a variable `Boot####` holds; nil for other variables, and where it has not that form.
    public func loadOption(in variable: VariableData) -> LoadOption? {
        let name = Array(variable.name.utf8)
        guard variable.vendor == .globalVariable, name.count == 8, name.starts(with: "Boot".utf8) else { return nil }
        do throws(ByteError) { return try LoadOption(bytes, variable.value) } catch { return nil }
    }
}
