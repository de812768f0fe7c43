/// SEV_FEATURES of a virtual CPU, 64 bits. QEMU's kernels set bit 0, some also DebugSwap.
///
/// Source: AMD 24593, "AMD64 Architecture Programmer's Manual", volume 2, appendix B, table B-4, offset 0x3B0.
public struct SEVFeatures: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let snp = SEVFeatures(rawValue: Flag.snpActive.mask)

    public enum Flag: String, CaseIterable, Sendable {
        case snpActive = "snp"
        case virtualTOM = "vtom"
        case reflectVC = "reflect-vc"
        case restrictedInjection = "restricted-injection"
        case alternateInjection = "alternate-injection"
        case debugSwap = "debug-swap"
        case preventHostIBS = "prevent-host-ibs"
        case btbIsolation = "btb-isolation"
        case vmplSupervisorShadowStack = "vmpl-sss"
        case secureTSC = "secure-tsc"
        case vmgexitParameter = "vmgexit-parameter"
        case pmcVirtualization = "pmc-virtualization"
        case ibsVirtualization = "ibs-virtualization"
        case vmsaRegisterProtection = "vmsa-register-protection"
        case smtProtection = "smt-protection"
        case secureAVIC = "secure-avic"
        case ibpbOnEntry = "ibpb-on-entry"

        public var mask: UInt64 {
            switch self {
            case .snpActive: 1 << 0
            case .virtualTOM: 1 << 1
            case .reflectVC: 1 << 2
            case .restrictedInjection: 1 << 3
            case .alternateInjection: 1 << 4
            case .debugSwap: 1 << 5
            case .preventHostIBS: 1 << 6
            case .btbIsolation: 1 << 7
            case .vmplSupervisorShadowStack: 1 << 8
            case .secureTSC: 1 << 9
            case .vmgexitParameter: 1 << 10
            case .pmcVirtualization: 1 << 11
            case .ibsVirtualization: 1 << 12
            case .vmsaRegisterProtection: 1 << 14
            case .smtProtection: 1 << 15
            case .secureAVIC: 1 << 16
            case .ibpbOnEntry: 1 << 21
            }
        }
    }

    public func has(_ flag: Flag) -> Bool { rawValue & flag.mask != 0 }
    public var unknownBits: UInt64 { Flag.allCases.reduce(rawValue) { $0 & ~$1.mask } }
}
