public import InitramfsRuntime

/// Who looks at a guest's memory. The raw values are those of `--as`.
public enum Observer: String, Sendable, CaseIterable {
    case host, guest
}

/// What is known of a range of a guest's memory.
public struct MemoryState: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The guest's alone; otherwise shared with the host.
    public static let isPrivate = MemoryState(rawValue: 1 << 0)
    public static let isValidated = MemoryState(rawValue: 1 << 1)
    /// Registers of a virtual processor.
    public static let isVMSA = MemoryState(rawValue: 1 << 2)
    /// Only the firmware may change it.
    public static let isImmutable = MemoryState(rawValue: 1 << 3)
    static let all: MemoryState = [.isPrivate, .isValidated, .isVMSA, .isImmutable]

    /// Such as `private validated`.
    public var text: String {
        let names: [(MemoryState, String)] = [
            (.isValidated, " validated"), (.isVMSA, " VMSA"), (.isImmutable, " immutable"),
        ]
        return names.reduce(contains(.isPrivate) ? "private" : "shared") { $0 + (contains($1.0) ? $1.1 : "") }
    }
}

/// A range of a guest's memory that is in one state.
public struct MemoryExtent: Equatable, Sendable {
    public let start: GuestAddress
    public let byteCount: UInt64
    public let state: MemoryState
    public var end: UInt64 { start.rawValue + byteCount }
}

/// Why an observer does not get at memory.
public enum ObservationError: Error, Equatable, Sendable, CustomStringConvertible {
    case guest(GuestFault)
    case host(HostFault)
    /// The guest has no memory there.
    case noMemory(GuestAddress)
    /// Its nested page table is not the model's.
    case notRemappable
    case file(FileError)

    public var description: String {
        switch self {
        case .guest(let fault): fault.description
        case .host(let fault): fault.description
        case .noMemory(let address): "no memory at guest address 0x" + String(address.rawValue, radix: 16)
        case .notRemappable: "the memory of a whole machine cannot be remapped"
        case .file(let error): error.description
        }
    }
}

/// The memory of one guest, by the guest's addresses, as the guest and as the host see it.
public protocol ObservedMemory {
    /// The next range of one state that ends after `address`; nil where no memory is left.
    func extent(from address: GuestAddress) -> MemoryExtent?
    func read(_ address: GuestAddress, into bytes: inout MutableSpan<UInt8>, as observer: Observer)
        throws(ObservationError)
    func write(_ address: GuestAddress, _ bytes: [UInt8], as observer: Observer) throws(ObservationError)
    /// Puts the page at `other` at `address`, too, by the nested page table, which is the host's.
    func remap(_ address: GuestAddress, to other: GuestAddress) throws(ObservationError)
}
