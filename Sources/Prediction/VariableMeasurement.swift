internal import BoundedBytes

/// The bytes that are hashed for a variable: UEFI_VARIABLE_DATA.
///
/// Source: TCG PC Client Platform Firmware Profile 1.06, section 10.4.3. Little-endian.
struct VariableMeasurement: Equatable {
    let vendor: GUID
    let name: String
    let value: [UInt8]

    var bytes: [UInt8] {
        vendor.bytes + Self.littleEndian(name.utf16.count) + Self.littleEndian(value.count) + EventData.units(name)
            + value
    }

    private static func littleEndian(_ count: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    }
}
