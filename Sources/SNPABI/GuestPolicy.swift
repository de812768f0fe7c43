/// GUEST_POLICY: what the guest's owner allows the host, 64 bits.
///
/// Source: AMD 56860, "Guest Policy".
public struct GuestPolicy: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The oldest firmware ABI that may run the guest.
    public var minimumABIMajor: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 8) }
    public var minimumABIMinor: UInt8 { UInt8(truncatingIfNeeded: rawValue) }

    /// One permission or demand: a bit.
    public enum Flag: String, CaseIterable, Sendable {
        case smt
        case reserved
        case migrationAgent = "migration-agent"
        case debug
        case singleSocket = "single-socket"
        case cxl
        case aes256XTS = "mem-aes-256-xts"
        case raplDisabled = "rapl-disabled"
        case ciphertextHiding = "ciphertext-hiding"
        case pageSwapDisabled = "page-swap-disabled"

        public var mask: UInt64 {
            switch self {
            case .smt: 1 << 16
            case .reserved: 1 << 17  // must be one
            case .migrationAgent: 1 << 18
            case .debug: 1 << 19
            case .singleSocket: 1 << 20
            case .cxl: 1 << 21
            case .aes256XTS: 1 << 22
            case .raplDisabled: 1 << 23
            case .ciphertextHiding: 1 << 24
            case .pageSwapDisabled: 1 << 25
            }
        }
    }

    public func has(_ flag: Flag) -> Bool { rawValue & flag.mask != 0 }
    /// Bits without meaning: a policy that has one of them is none.
    public var unknownBits: UInt64 { rawValue & ~0x3FF_FFFF }
    /// Whether the bit that must be one is, and those that must be zero are.
    public var isWellFormed: Bool { has(.reserved) && unknownBits == 0 }
}
