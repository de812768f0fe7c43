/// The registers of a call, as the guest leaves them and as it finds them.
///
/// Source: AMD 58019, "Calling Convention".
public struct SVSMRegisters: Equatable, Sendable {
    public var rcx: UInt64
    public var rdx: UInt64
    public var r8: UInt64

    public init(rcx: UInt64 = 0, rdx: UInt64 = 0, r8: UInt64 = 0) {
        self.rcx = rcx
        self.rdx = rdx
        self.r8 = r8
    }
}

/// The guest's private memory, by guest physical addresses, as far as the SVSM may touch it for the guest: neither its
/// own pages nor addresses that the guest does not have.
public protocol SVSMGuestMemory {
    /// nil where one of the bytes is not the guest's.
    func read(_ count: Int, at address: UInt64) -> [UInt8]?
    /// False, and nothing is written, where one of the bytes is not the guest's.
    mutating func write(_ bytes: [UInt8], at address: UInt64) -> Bool
}
