/// PLATFORM_INFO: how the machine is set up, 64 bits. Unknown ones occur on real machines and are kept.
///
/// Source: AMD 56860, PLATFORM_INFO.
public struct PlatformInfo: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public enum Flag: String, CaseIterable, Sendable {
        case smt
        case tsme
        case ecc
        case raplDisabled = "rapl-disabled"
        case ciphertextHiding = "ciphertext-hiding"
        case aliasCheckComplete = "alias-check-complete"
        case tio

        public var mask: UInt64 {
            switch self {
            case .smt: 1 << 0
            case .tsme: 1 << 1
            case .ecc: 1 << 2
            case .raplDisabled: 1 << 3
            case .ciphertextHiding: 1 << 4
            case .aliasCheckComplete: 1 << 5
            case .tio: 1 << 7
            }
        }
    }

    public func has(_ flag: Flag) -> Bool { rawValue & flag.mask != 0 }
    public var unknownBits: UInt64 { Flag.allCases.reduce(rawValue) { $0 & ~$1.mask } }
}
