internal import BoundedBytes

/// The save area of a virtual CPU: 4096 bytes, little-endian. What has no name here is kept as it is.
///
/// Source: AMD 24593, "AMD64 Architecture Programmer's Manual", volume 2, appendix B, table B-4: the offsets of
/// `Register` and its like are the table's.
public struct VMSA: Equatable, Sendable {
    public static let byteCount = 4096
    /// The part that has fields; the rest of the page is zero at launch.
    public static let saveAreaByteCount = 0x670
    static let name = "VMSA"

    /// The page.
    public private(set) var bytes: [UInt8]

    /// All zero.
    public init() { bytes = [UInt8](repeating: 0, count: Self.byteCount) }

    /// Takes a page of 4096 bytes; its fields may have any value.
    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require(Self.name, bytes, count: Self.byteCount)
        self.bytes = bytes
    }

    public subscript(register: Register) -> UInt64 {
        get { load(register.rawValue) }
        set { store(newValue, register.rawValue) }
    }

    public subscript(register: Register32) -> UInt32 {
        get { load(register.rawValue) }
        set { store(newValue, register.rawValue) }
    }

    public subscript(register: Register16) -> UInt16 {
        get { load(register.rawValue) }
        set { store(newValue, register.rawValue) }
    }

    public subscript(register: Register8) -> UInt8 {
        get { bytes[register.rawValue] }
        set { bytes[register.rawValue] = newValue }
    }

    public subscript(segment: Segment) -> SegmentRegister {
        get {
            let offset = segment.rawValue
            return SegmentRegister(
                selector: load(offset), attributes: load(offset + 2), limit: load(offset + 4), base: load(offset + 8))
        }
        set {
            let offset = segment.rawValue
            store(newValue.selector, offset)
            store(newValue.attributes, offset + 2)
            store(newValue.limit, offset + 4)
            store(newValue.base, offset + 8)
        }
    }

    public var features: SEVFeatures {
        get { SEVFeatures(rawValue: self[.sevFeatures]) }
        set { self[.sevFeatures] = newValue.rawValue }
    }

    private func load<T: FixedWidthInteger & UnsignedInteger>(_ offset: Int) -> T {
        var value: T = 0
        for index in (0..<T.bitWidth / 8).reversed() { value = value << 8 | T(bytes[offset + index]) }
        return value
    }

    private mutating func store<T: FixedWidthInteger & UnsignedInteger>(_ value: T, _ offset: Int) {
        for index in 0..<T.bitWidth / 8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> T(8 * index))
        }
    }
}

/// A segment register as the processor caches it: 16 bytes.
public struct SegmentRegister: Equatable, Sendable {
    public var selector: UInt16
    /// Type and flags in the packed form of VMCBs.
    public var attributes: UInt16
    public var limit: UInt32
    public var base: UInt64

    public init(selector: UInt16 = 0, attributes: UInt16 = 0, limit: UInt32 = 0xFFFF, base: UInt64 = 0) {
        self.selector = selector
        self.attributes = attributes
        self.limit = limit
        self.base = base
    }
}
