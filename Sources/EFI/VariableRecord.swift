internal import BoundedBytes

/// One record of a variable store, valid or deleted.
///
/// Source: edk2 `MdeModulePkg/Include/Guid/VariableFormat.h`, VARIABLE_HEADER and AUTHENTICATED_VARIABLE_HEADER.
struct VariableRecord {
    /// Flash bits are cleared one by one: 0x3F added, 0x3E being replaced, 0x3D and 0x3C deleted.
    let state: UInt8
    let variable: Variable

    /// What makes it another variable.
    private var key: [UInt8] { variable.vendor.bytes + Array(variable.name.utf8) }

    private static let added: UInt8 = 0x3F
    private static let beingReplaced: UInt8 = 0x3E
    /// Begins each record.
    private static let startMark: UInt16 = 0x55AA

    /// The variables that the firmware would find: those added, and those whose replacement was cut off.
    static func all(in store: Span<UInt8>, isAuthenticated: Bool) throws(EFIError) -> [Variable] {
        var reader = ByteReader(store)
        var records: [VariableRecord] = []
        try parsing(.store) { () throws(ByteError) in try reader.skip(28) }
        while let record = try next(&reader, isAuthenticated: isAuthenticated) {
            if record.state == added || record.state == beingReplaced { records.append(record) }
        }
        let current = Set(records.lazy.filter { $0.state == added }.map { $0.key })
        records.removeAll { $0.state == beingReplaced && current.contains($0.key) }
        return records.map { $0.variable }
    }

    private static func next(_ reader: inout ByteReader, isAuthenticated: Bool) throws(EFIError) -> VariableRecord? {
        // Records begin at multiples of four, counted from the start of the store.
        let padding = (4 - reader.offset % 4) % 4
        guard reader.remaining >= padding + 2 else { return nil }
        let start = reader.offset + padding
        let mark: UInt16 = try parsing(.store) { () throws(ByteError) in
            try reader.skip(to: start)
            return try reader.integer()
        }
        // As in edk2, anything else ends the list: erased flash is 0xFF, and tools fill up with zeros.
        guard mark == startMark else { return nil }
        return try parsing(.store) { () throws(ByteError) in
            try VariableRecord(parsing: &reader, isAuthenticated: isAuthenticated)
        }
    }

    private init(parsing reader: inout ByteReader, isAuthenticated: Bool) throws(ByteError) {
        state = try reader.integer()
        try reader.skip(1)
        let attributes: UInt32 = try reader.integer()
        // Count, time stamp and index of the key.
        if isAuthenticated { try reader.skip(28) }
        let nameSize: UInt32 = try reader.integer()
        let dataSize: UInt32 = try reader.integer()
        let vendor = try reader.guid()
        let name = try reader.bytes(Int(nameSize))
        let units = stride(from: 0, to: name.count - name.count % 2, by: 2).map {
            UInt16(name[$0]) | UInt16(name[$0 + 1]) << 8
        }
        variable = Variable(
            name: String(decoding: units.prefix { $0 != 0 }, as: UTF16.self), vendor: vendor, attributes: attributes,
            data: try reader.bytes(Int(dataSize)))
    }
}
