internal import BoundedBytes

/// MSG_KEY_REQ: 32 bytes in version 1, which is `struct snp_derived_key_req` of Linux, and 40 in version 2.
///
/// Source: AMD 56860, "Key Derivation", table MSG_KEY_REQ.
public struct KeyRequest: Equatable, Sendable {
    static let name = "MSG_KEY_REQ"
    public static let byteCount = 0x20
    public static let byteCountVersion2 = 0x28

    /// The bits of GUEST_FIELD_SELECT.
    public enum Field: UInt64, CaseIterable, Sendable {
        case policy = 0x01
        case imageID = 0x02
        case familyID = 0x04
        case measurement = 0x08
        case guestSVN = 0x10
        case tcbVersion = 0x20
        /// In version 2 only.
        case launchMitigations = 0x40
    }

    /// From the guest's VMRK, and not from a key of the chip.
    public var isFromVMRK: Bool  // 0x00, bit 0
    public var keySelection: SigningKeySelection  // 0x00, bits 2:1
    public var fields: UInt64  // 0x08
    public var vmpl: UInt32  // 0x10
    public var guestSVN: UInt32  // 0x14
    public var tcbVersion: TCBVersion  // 0x18
    /// From version 2 on.
    public var launchMitigations: UInt64?  // 0x20

    public init(
        isFromVMRK: Bool, keySelection: SigningKeySelection = .automatic, fields: UInt64, vmpl: UInt32,
        guestSVN: UInt32, tcbVersion: TCBVersion, launchMitigations: UInt64? = nil
    ) {
        self.isFromVMRK = isFromVMRK
        self.keySelection = keySelection
        self.fields = fields
        self.vmpl = vmpl
        self.guestSVN = guestSVN
        self.tcbVersion = tcbVersion
        self.launchMitigations = launchMitigations
    }

    public func has(_ field: Field) -> Bool { fields & field.rawValue != 0 }

    /// - Parameter version: MSG_VERSION, 1 or 2.
    public init(parsing bytes: [UInt8], version: UInt8) throws(SNPFormatError) {
        guard version == 1 || version == 2 else { throw SNPFormatError(Self.name, .version(UInt32(version))) }
        try SNPFormatError.require(Self.name, bytes, count: version == 1 ? Self.byteCount : Self.byteCountVersion2)
        var reader = ByteReader(bytes.span)
        let root: UInt32
        do throws(ByteError) {
            root = try reader.integer()
            try reader.reserved(4)
            fields = try reader.integer()
            vmpl = try reader.integer()
            guestSVN = try reader.integer()
            tcbVersion = TCBVersion(rawValue: try reader.integer())
            if version == 2 { launchMitigations = try reader.integer() }
            try reader.finish()
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        isFromVMRK = root & 1 != 0
        guard root >> 3 == 0, let selection = SigningKeySelection(rawValue: root >> 1 & 3) else {
            throw SNPFormatError(Self.name, .value(field: "ROOT_KEY_SELECT", UInt64(root)))
        }
        keySelection = selection
        guard fields >> (version == 1 ? 6 : 7) == 0 else {
            throw SNPFormatError(Self.name, .value(field: "GUEST_FIELD_SELECT", fields))
        }
    }

    public var messageVersion: UInt8 { launchMitigations == nil ? 1 : 2 }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian((isFromVMRK ? 1 : 0) | keySelection.rawValue << 1)
        writer.zeros(4)
        writer.littleEndian(fields)
        writer.littleEndian(vmpl)
        writer.littleEndian(guestSVN)
        writer.littleEndian(tcbVersion.rawValue)
        if let launchMitigations { writer.littleEndian(launchMitigations) }
        return writer.bytes
    }
}

/// MSG_KEY_RSP: 64 bytes. The key is at 32; it is a secret, so this type knows only where, and what the status is.
///
/// Source: AMD 56860, "Key Derivation", table MSG_KEY_RSP.
public enum KeyResponse {
    public static let byteCount = 0x40
    public static let keyRange = 0x20..<0x40
    static let name = "MSG_KEY_RSP"

    /// The status in the first 32 bytes; the others of these must be zero.
    public static func status(in head: [UInt8]) throws(SNPFormatError) -> FirmwareStatus {
        var reader = ByteReader(head.span)
        do throws(ByteError) {
            let status = FirmwareStatus(rawValue: try reader.integer())
            try reader.reserved(28)
            return status
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
    }

    /// The first 32 bytes.
    public static func head(_ status: FirmwareStatus) -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(status.rawValue)
        writer.zeros(28)
        return writer.bytes
    }
}
