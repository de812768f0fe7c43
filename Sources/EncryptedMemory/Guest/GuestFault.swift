/// Why an access or an instruction of a guest did not happen.
public enum GuestFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// #NPF, which ends the guest's turn: the hypervisor decides.
    case nestedPageFault(GuestAddress, NestedFaultBits)
    /// #VC in the guest with exit code 0x404, PAGE_NOT_VALIDATED.
    case notValidated(GuestAddress)
    /// #UD: the instruction does not exist in this mode.
    case invalidOpcode
    /// #GP: not at this privilege.
    case generalProtection

    /// Exit code of the #VC for a page that is not validated. Source: AMD 24593, section 15.36.10.
    public static let notValidatedExitCode: UInt32 = 0x404

    public var description: String {
        switch self {
        case .nestedPageFault(let address, let bits):
            "#NPF at 0x" + String(address.rawValue, radix: 16) + ", error 0x" + String(bits.rawValue, radix: 16)
        case .notValidated(let address): "#VC 0x404 at 0x" + String(address.rawValue, radix: 16)
        case .invalidOpcode: "#UD"
        case .generalProtection: "#GP"
        }
    }
}

/// EXITINFO1 of a nested page fault. Source: AMD 24593, sections 15.25.6 and 15.36.10.
public struct NestedFaultBits: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static let present = NestedFaultBits(rawValue: 1 << 0)
    public static let write = NestedFaultBits(rawValue: 1 << 1)
    public static let user = NestedFaultBits(rawValue: 1 << 2)
    public static let fetch = NestedFaultBits(rawValue: 1 << 4)
    /// The reverse map does not agree.
    public static let reverseMap = NestedFaultBits(rawValue: 1 << 31)
    public static let finalAddress = NestedFaultBits(rawValue: 1 << 32)
    public static let pageWalk = NestedFaultBits(rawValue: 1 << 33)
    /// The access had the C-bit.
    public static let encrypted = NestedFaultBits(rawValue: 1 << 34)
    /// PVALIDATE or RMPADJUST of a small page inside of a large one: the hypervisor should PSMASH it.
    public static let sizeMismatch = NestedFaultBits(rawValue: 1 << 35)
    /// The permissions of the VMPL do not allow it.
    public static let vmpl = NestedFaultBits(rawValue: 1 << 36)
}

/// Why an access of the host did not happen.
public enum HostFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// #PF with bit 31: the page, or one that a large mapping has with it, is not the hypervisor's.
    case reverseMap(SystemAddress)
    /// No DRAM is there.
    case noMemory(SystemAddress)

    public var description: String {
        switch self {
        case .reverseMap(let address): "#PF (RMP) at 0x" + String(address.rawValue, radix: 16)
        case .noMemory(let address): "no memory at 0x" + String(address.rawValue, radix: 16)
        }
    }
}
