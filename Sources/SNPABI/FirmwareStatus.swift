/// The status codes of the SEV firmware: of its commands, and within the answers to guest messages.
///
/// Source: AMD 56860, "Status Codes"; the numbers are those of Linux `include/uapi/linux/psp-sev.h` since 2024.
public struct FirmwareStatus: RawRepresentable, Hashable, Error, Sendable, CustomStringConvertible {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let success = FirmwareStatus(rawValue: 0x00)
    public static let invalidPlatformState = FirmwareStatus(rawValue: 0x01)
    public static let invalidGuestState = FirmwareStatus(rawValue: 0x02)
    public static let invalidConfiguration = FirmwareStatus(rawValue: 0x03)
    public static let invalidLength = FirmwareStatus(rawValue: 0x04)
    public static let alreadyOwned = FirmwareStatus(rawValue: 0x05)
    public static let invalidCertificate = FirmwareStatus(rawValue: 0x06)
    public static let policyFailure = FirmwareStatus(rawValue: 0x07)
    public static let inactive = FirmwareStatus(rawValue: 0x08)
    public static let invalidAddress = FirmwareStatus(rawValue: 0x09)
    public static let badSignature = FirmwareStatus(rawValue: 0x0A)
    public static let badMeasurement = FirmwareStatus(rawValue: 0x0B)
    public static let asidOwned = FirmwareStatus(rawValue: 0x0C)
    public static let invalidASID = FirmwareStatus(rawValue: 0x0D)
    public static let wbinvdRequired = FirmwareStatus(rawValue: 0x0E)
    public static let dfFlushRequired = FirmwareStatus(rawValue: 0x0F)
    public static let invalidGuest = FirmwareStatus(rawValue: 0x10)
    public static let invalidCommand = FirmwareStatus(rawValue: 0x11)
    public static let active = FirmwareStatus(rawValue: 0x12)
    public static let hardwareErrorPlatform = FirmwareStatus(rawValue: 0x13)
    public static let hardwareErrorUnsafe = FirmwareStatus(rawValue: 0x14)
    public static let unsupported = FirmwareStatus(rawValue: 0x15)
    public static let invalidParameter = FirmwareStatus(rawValue: 0x16)
    public static let resourceLimit = FirmwareStatus(rawValue: 0x17)
    public static let secureDataInvalid = FirmwareStatus(rawValue: 0x18)
    public static let invalidPageSize = FirmwareStatus(rawValue: 0x19)
    public static let invalidPageState = FirmwareStatus(rawValue: 0x1A)
    public static let invalidMetadataEntry = FirmwareStatus(rawValue: 0x1B)
    public static let invalidPageOwner = FirmwareStatus(rawValue: 0x1C)
    public static let aeadOverflow = FirmwareStatus(rawValue: 0x1D)
    public static let ringBufferModeExited = FirmwareStatus(rawValue: 0x1F)
    public static let rmpInitializationRequired = FirmwareStatus(rawValue: 0x20)
    public static let badSVN = FirmwareStatus(rawValue: 0x21)
    public static let badVersion = FirmwareStatus(rawValue: 0x22)
    public static let shutdownRequired = FirmwareStatus(rawValue: 0x23)
    public static let updateFailed = FirmwareStatus(rawValue: 0x24)
    public static let restoreRequired = FirmwareStatus(rawValue: 0x25)
    public static let rmpInitializationFailed = FirmwareStatus(rawValue: 0x26)
    public static let invalidKey = FirmwareStatus(rawValue: 0x27)
    public static let shutdownIncomplete = FirmwareStatus(rawValue: 0x28)

    private static let names: [String] = [
        "SUCCESS", "INVALID_PLATFORM_STATE", "INVALID_GUEST_STATE", "INVALID_CONFIG", "INVALID_LEN", "ALREADY_OWNED",
        "INVALID_CERTIFICATE", "POLICY_FAILURE", "INACTIVE", "INVALID_ADDRESS", "BAD_SIGNATURE", "BAD_MEASUREMENT",
        "ASID_OWNED", "INVALID_ASID", "WBINVD_REQUIRED", "DF_FLUSH_REQUIRED", "INVALID_GUEST", "INVALID_COMMAND",
        "ACTIVE", "HWERROR_PLATFORM", "HWERROR_UNSAFE", "UNSUPPORTED", "INVALID_PARAM", "RESOURCE_LIMIT",
        "SECURE_DATA_INVALID", "INVALID_PAGE_SIZE", "INVALID_PAGE_STATE", "INVALID_MDATA_ENTRY", "INVALID_PAGE_OWNER",
        "AEAD_OFLOW", "", "RB_MODE_EXITED", "RMP_INIT_REQUIRED", "BAD_SVN", "BAD_VERSION", "SHUTDOWN_REQUIRED",
        "UPDATE_FAILED", "RESTORE_REQUIRED", "RMP_INIT_FAILED", "INVALID_KEY", "SHUTDOWN_INCOMPLETE",
    ]

    /// The name with the number, or the number alone.
    public var description: String {
        let number = "0x" + String(rawValue, radix: 16)
        guard rawValue < UInt32(Self.names.count), !Self.names[Int(rawValue)].isEmpty else { return number }
        return Self.names[Int(rawValue)] + " (" + number + ")"
    }
}
