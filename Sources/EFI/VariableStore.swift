public import BoundedBytes

/// The variables in a firmware volume of edk2, such as `OVMF_VARS.fd`.
///
/// Sources: UEFI PI 1.8, volume 3, section 3.2.1 (firmware volume header); edk2
/// `MdeModulePkg/Include/Guid/VariableFormat.h`. Integers are little-endian.
public struct VariableStore: Equatable, Sendable {
    /// Whether variables carry time stamps and counts, as all stores with Secure Boot do.
    public let isAuthenticated: Bool
    /// What the firmware would find, in the order of the store.
    public let variables: [Variable]

    /// Reads a volume that lies at the front of `file`; what is behind its variables is not looked at.
    public init(parsing file: [UInt8]) throws(EFIError) {
        let start = try Self.storeOffset(in: file)
        var reader = ByteReader(file.span)
        var (size, format, state): (UInt32, UInt8, UInt8) = (0, 0, 0)
        let kind = try parsing(.store) { () throws(ByteError) in
            try reader.skip(to: start)
            let kind = try reader.guid()
            size = try reader.integer()
            format = try reader.integer()
            state = try reader.integer()
            try reader.skip(6)
            return kind
        }
        guard kind == Self.authenticated || kind == Self.plain else {
            throw .value(.store, field: "kind of store", offset: start, value: 0)
        }
        guard format == 0x5A, state == 0xFE else {
            throw .value(
                .store, field: "format and state", offset: start + 20, value: UInt64(format) << 8 | UInt64(state))
        }
        guard size >= 28, Int(size) <= file.count - start else {
            throw .range(.store, field: "Size", offset: start, count: Int(size))
        }
        isAuthenticated = kind == Self.authenticated
        let store = file.span.extracting(start..<start + Int(size))
        variables = try VariableRecord.all(in: store, isAuthenticated: isAuthenticated)
    }

    /// Checks the volume's header.
    ///
    /// - Returns: its length, in bytes: where the variable store begins.
    private static func storeOffset(in file: [UInt8]) throws(EFIError) -> Int {
        var reader = ByteReader(file.span)
        var (length, signature, headerLength): (UInt64, UInt32, UInt16) = (0, 0, 0)
        let fileSystem = try parsing(.volume) { () throws(ByteError) in
            try reader.skip(16)
            let fileSystem = try reader.guid()
            length = try reader.integer()
            signature = try reader.integer()
            try reader.skip(4)
            headerLength = try reader.integer()
            return fileSystem
        }
        guard fileSystem == Self.fileSystem, signature == 0x4856_465F else {
            throw .value(.volume, field: "_FVH", offset: 40, value: UInt64(signature))
        }
        guard length <= UInt64(file.count), headerLength >= 56, headerLength % 2 == 0, UInt64(headerLength) <= length
        else { throw .range(.volume, field: "FvLength", offset: 32, count: Int(clamping: length)) }
        var sum: UInt16 = 0
        for index in stride(from: 0, to: Int(headerLength), by: 2) {
            sum &+= UInt16(file[index]) | UInt16(file[index + 1]) << 8
        }
        guard sum == 0 else { throw .value(.volume, field: "sum of the header", offset: 50, value: UInt64(sum)) }
        return Int(headerLength)
    }

    /// EFI_SYSTEM_NV_DATA_FV_GUID.
    private static let fileSystem = GUID(0xfff1_2b8d, 0x7696, 0x4c8b, 0xa985, 0x2747_075b_4f50)
    /// EFI_AUTHENTICATED_VARIABLE_GUID.
    private static let authenticated = GUID(0xaaf3_2c78, 0x947b, 0x439a, 0xa180, 0x2e14_4ec3_7792)
    /// EFI_VARIABLE_GUID.
    private static let plain = GUID(0xddcf_3616, 0x3275, 0x4164, 0x98b6, 0xfe85_707f_fe7d)

    /// The variable of that name and vendor.
    public subscript(name: String, vendor: GUID) -> Variable? {
        variables.first { $0.name == name && $0.vendor == vendor }
    }
}
