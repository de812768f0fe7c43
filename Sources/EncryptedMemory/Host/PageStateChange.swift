internal import BoundedBytes

/// A page-state change as a guest asks its hypervisor for it. Source: AMD 56421, sections 2.3.1 and 4.1.6.
public struct PageStateChange: Equatable, Sendable {
    public enum Operation: UInt8, Sendable {
        case makePrivate = 1
        case makeShared = 2
        /// Only advice: the guest is going to use small pages.
        case smash = 3
        /// Only advice: it is going to use a large page.
        case unsmash = 4
    }

    public var address: GuestAddress
    public var operation: Operation
    public var size: PageSize
    /// How many small pages of it are done.
    public var doneFrames: UInt64

    public init(_ address: GuestAddress, _ operation: Operation, size: PageSize = .small, doneFrames: UInt64 = 0) {
        self.address = address
        self.operation = operation
        self.size = size
        self.doneFrames = doneFrames
    }

    private static let addressMask: UInt64 = (1 << 52) - (1 << 12)

    /// An entry of the NAE event's buffer; nil where the operation, the size or the alignment is none.
    init?(entry: UInt64) {
        guard let operation = Operation(rawValue: UInt8(entry >> 52 & 0xF)), entry >> 57 == 0 else { return nil }
        self.init(
            GuestAddress(entry & Self.addressMask), operation, size: entry >> 56 & 1 == 0 ? .small : .large,
            doneFrames: entry & 0xFFF)
        guard doneFrames <= size.frameCount, address.isAligned(to: size) else { return nil }
    }

    public var entry: UInt64 {
        doneFrames | address.rawValue & Self.addressMask | UInt64(operation.rawValue) << 52
            | UInt64(size.rawValue) << 56
    }

    /// A request by the MSR protocol, code 0x014: private or shared, one small page; nil for any other value.
    public init?(requestMSR value: UInt64) {
        guard value & 0xFFF == 0x014, value >> 56 == 0,
            let operation = Operation(rawValue: UInt8(value >> 52)),
            operation == .makePrivate || operation == .makeShared
        else { return nil }
        self.init(GuestAddress(value & Self.addressMask), operation)
    }

    public var requestMSR: UInt64 { 0x014 | address.rawValue & Self.addressMask | UInt64(operation.rawValue) << 52 }

    /// The hypervisor's answer by the MSR protocol, code 0x015; any error but 0 is one.
    public static func responseMSR(error: UInt32) -> UInt64 { 0x015 | UInt64(error) << 32 }
}

/// The buffer of the page-state change event: a header of 8 bytes, then up to 253 entries of 8. It lies in shared
/// memory, so each entry is read once. Source: AMD 56421, section 4.1.6.
public struct PageStateBuffer: Equatable, Sendable {
    public static let mostEntries = 253

    /// The entry that comes next; the hypervisor moves it on.
    public var current: UInt16
    /// The last entry that counts.
    public var end: UInt16
    public var entries: [UInt64]

    public init(_ changes: [PageStateChange]) {
        entries = changes.map(\.entry)
        current = 0
        end = UInt16(max(changes.count, 1) - 1)
    }

    /// Nil where `bytes` cannot hold what its header says, or the header is none.
    public init?(parsing bytes: [UInt8]) {
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            current = try reader.integer()
            end = try reader.integer()
            try reader.reserved(4)
            guard Int(end) < Self.mostEntries, Int(current) <= Int(end) + 1 else { return nil }
            entries = []
            for _ in 0...end { entries.append(try reader.integer()) }
        } catch { return nil }
    }

    public var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(current)
        writer.littleEndian(end)
        writer.littleEndian(UInt32(0))
        for entry in entries { writer.littleEndian(entry) }
        return writer.bytes
    }
}
