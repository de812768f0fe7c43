/// PAGE_TYPE of SNP_LAUNCH_UPDATE.
///
/// Source: AMD 56860, SNP_LAUNCH_UPDATE.
public enum LaunchPageType: UInt8, CaseIterable, Sendable {
    case normal = 1
    /// The save area of a virtual CPU.
    case vmsa
    case zero
    /// Loaded with contents that nobody vouches for.
    case unmeasured
    /// The firmware writes the guest's keys there.
    case secrets
    case cpuid

    /// Whether the launch digest covers the contents, or only the address.
    public var hasMeasuredContents: Bool { self == .normal || self == .vmsa }
}

/// What the levels below VMPL 0 may do with a page, as RMPADJUST has it: bit 0 read, 1 write, 2 execute as user, 3 as supervisor.
public struct LaunchPermissions: Equatable, Sendable {
    public var vmpl1: UInt8
    public var vmpl2: UInt8
    public var vmpl3: UInt8

    public init(vmpl1: UInt8, vmpl2: UInt8, vmpl3: UInt8) {
        self.vmpl1 = vmpl1
        self.vmpl2 = vmpl2
        self.vmpl3 = vmpl3
    }

    public static let none = LaunchPermissions(vmpl1: 0, vmpl2: 0, vmpl3: 0)
}

/// Pages of 4 KiB of one type that go into the guest one behind the other, as SNP_LAUNCH_UPDATE takes them.
public struct LaunchPages: Equatable, Sendable {
    public static let pageByteCount = 4096

    public let type: LaunchPageType
    /// Guest physical, of the first page.
    public let address: UInt64
    public let pageCount: Int
    /// nil where the guest gets pages of zeros, or what the firmware writes.
    public private(set) var bytes: [UInt8]?
    public var permissions = LaunchPermissions.none

    public var byteCount: UInt64 { UInt64(pageCount) * UInt64(Self.pageByteCount) }

    /// Pages with contents: whole ones, below 2^64.
    public init(_ type: LaunchPageType, at address: UInt64, _ bytes: [UInt8]) throws(SNPFormatError) {
        guard bytes.count.isMultiple(of: Self.pageByteCount) else {
            throw SNPFormatError("launch pages", .value(field: "size", UInt64(bytes.count)))
        }
        try self.init(type, at: address, pageCount: bytes.count / Self.pageByteCount, bytes: bytes)
    }

    /// Pages without contents of their own.
    public init(_ type: LaunchPageType, at address: UInt64, pageCount: Int) throws(SNPFormatError) {
        try self.init(type, at: address, pageCount: pageCount, bytes: nil)
    }

    /// The same pages with what the firmware writes into them.
    ///
    /// - Parameter contents: as many bytes as the pages have.
    public func filled(with contents: [UInt8]) -> LaunchPages {
        precondition(contents.count == Int(byteCount))
        var pages = self
        pages.bytes = contents
        return pages
    }

    private init(
        _ type: LaunchPageType, at address: UInt64, pageCount: Int, bytes: [UInt8]?
    ) throws(SNPFormatError) {
        let page = UInt64(Self.pageByteCount)
        guard address.isMultiple(of: page), pageCount >= 0, UInt64(pageCount) <= (UInt64.max - address) / page else {
            throw SNPFormatError("launch pages", .range(field: "address", address))
        }
        // A measured page without contents would be measured as something that it is not.
        guard bytes != nil || !type.hasMeasuredContents else {
            throw SNPFormatError("launch pages", .missing("contents"))
        }
        self.type = type
        self.address = address
        self.pageCount = pageCount
        self.bytes = bytes
    }
}
