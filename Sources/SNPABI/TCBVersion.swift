internal import BoundedBytes

/// TCB_VERSION: the security patch levels of the processor's firmware, 8 bytes of which the generation says what each is.
///
/// It has no order of its own: a level may rise while another falls, so it is compared component by component.
/// Source: AMD 56860, TCB_VERSION.
public struct TCBVersion: Hashable, Sendable, CustomStringConvertible {
    /// As a little-endian number.
    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public init(_ components: TCBComponents, for generation: ProcessorGeneration) {
        rawValue = 0
        switch generation {
        case .milan, .genoa:
            set(0, components.bootLoader)
            set(1, components.tee)
            set(6, components.snp)
        case .turin:
            set(0, components.fmc ?? 0)
            set(1, components.bootLoader)
            set(2, components.tee)
            set(3, components.snp)
        }
        set(7, components.microcode)
    }

    public func components(for generation: ProcessorGeneration) -> TCBComponents {
        switch generation {
        case .milan, .genoa:
            TCBComponents(fmc: nil, bootLoader: byte(0), tee: byte(1), snp: byte(6), microcode: byte(7))
        case .turin:
            TCBComponents(fmc: byte(0), bootLoader: byte(1), tee: byte(2), snp: byte(3), microcode: byte(7))
        }
    }

    /// Whether no byte is lower than the other's. Reserved bytes count, too.
    public func isAtLeast(_ other: TCBVersion) -> Bool { (0..<8).allSatisfy { byte($0) >= other.byte($0) } }

    /// Hexadecimal in the order of the bytes.
    public var description: String { Hexadecimal.encode((0..<8).map { byte($0) }) }

    private func byte(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: rawValue >> UInt64(8 * index)) }
    private mutating func set(_ index: Int, _ value: UInt8) { rawValue |= UInt64(value) << UInt64(8 * index) }
}

/// The components of a TCB_VERSION by name.
public struct TCBComponents: Hashable, Sendable {
    /// From Turin on.
    public var fmc: UInt8?
    public var bootLoader: UInt8
    public var tee: UInt8
    public var snp: UInt8
    public var microcode: UInt8

    public init(fmc: UInt8? = nil, bootLoader: UInt8, tee: UInt8, snp: UInt8, microcode: UInt8) {
        self.fmc = fmc
        self.bootLoader = bootLoader
        self.tee = tee
        self.snp = snp
        self.microcode = microcode
    }
}
