/// A size that page tables and the reverse map know. The raw values are those of the instructions.
public enum PageSize: UInt8, Sendable, CaseIterable {
    /// 4 KiB.
    case small = 0
    /// 2 MiB.
    case large = 1

    public var byteCount: UInt64 { self == .small ? 4096 : 2 << 20 }
    /// How many small pages it has.
    public var frameCount: UInt64 { self == .small ? 1 : 512 }
}

/// A byte address of one kind, so that the kinds cannot be mixed up.
public protocol ByteAddress: Hashable, Comparable, Sendable {
    var rawValue: UInt64 { get }
    init(_ rawValue: UInt64)
}

extension ByteAddress {
    /// Number of the 4 KiB page.
    public var frame: UInt64 { rawValue >> 12 }
    public func isAligned(to size: PageSize) -> Bool { rawValue % size.byteCount == 0 }
    /// The start of the page of that size.
    public func start(of size: PageSize) -> Self { Self(rawValue & ~(size.byteCount - 1)) }
    public func offset(in size: PageSize) -> UInt64 { rawValue & (size.byteCount - 1) }
    /// Wraps around, as the processor's adders do: whoever needs a bound checks it.
    public func advanced(by count: UInt64) -> Self { Self(rawValue &+ count) }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// An address as the DRAM knows it, without the C-bit.
public struct SystemAddress: ByteAddress {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// An address as a guest's operating system knows it, without the C-bit. One page has at most one in the reverse map.
public struct GuestAddress: ByteAddress {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// One more than the largest that a reverse map entry can hold: 51 bits.
    public static let limit: UInt64 = 1 << 51
}

/// Address space identifier: which guest, and so which key. 0 is the host.
public struct ASID: Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt16
    public static let host = ASID(0)
    /// Entries of the reverse map have ten bits for it.
    public static let last = ASID(1023)
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }
    public var description: String { String(rawValue) }
}

/// Virtual machine privilege level: 0 may do most.
public enum VMPL: UInt8, Sendable, CaseIterable {
    case vmpl0, vmpl1, vmpl2, vmpl3
}

/// What a VMPL may do with a page. Source: AMD 24593, section 15.36.7.
public struct VMPLPermissions: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let read = VMPLPermissions(rawValue: 1 << 0)
    public static let write = VMPLPermissions(rawValue: 1 << 1)
    public static let userExecute = VMPLPermissions(rawValue: 1 << 2)
    public static let supervisorExecute = VMPLPermissions(rawValue: 1 << 3)
    public static let supervisorShadowStack = VMPLPermissions(rawValue: 1 << 4)
    public static let all = VMPLPermissions(rawValue: 0x1F)
}
