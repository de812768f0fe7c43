internal import BoundedBytes

/// A question about a running guest's memory, and its bytes: version 1, operation, observer, a zero, the guest address
/// (8), a count of bytes (8), and what to write or to look for. Integers are little-endian.
public struct MemoryRequest: Equatable, Sendable {
    public enum Operation: UInt8, Sendable {
        case read = 1
        case write = 2
        /// Looks for the payload. An answer covers a part of the range and says where to go on.
        case scan = 3
        /// Lists ranges of one state.
        case map = 4
        /// The host's: the page at the address that is in the place of the count.
        case remap = 5
    }

    public let operation: Operation
    public let observer: Observer
    public let address: GuestAddress
    public let byteCount: UInt64
    public let payload: [UInt8]

    static let version: UInt8 = 1
    /// Most bytes that one read or write moves.
    public static let mostBytes = 1 << 20
    public static let longestPattern = 4096
    /// Size of the largest request, in bytes.
    public static let largest = 20 + mostBytes

    public init(
        _ operation: Operation, as observer: Observer, _ address: GuestAddress, byteCount: UInt64 = 0,
        payload: [UInt8] = []
    ) {
        self.operation = operation
        self.observer = observer
        self.address = address
        self.byteCount = byteCount
        self.payload = payload
    }

    public var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.append([Self.version, operation.rawValue, observer == .host ? 0 : 1, 0])
        writer.littleEndian(address.rawValue)
        writer.littleEndian(byteCount)
        writer.append(payload)
        return writer.bytes
    }

    /// - Throws: `.malformed` with the reason.
    public init(parsing bytes: [UInt8]) throws(MemoryRefusal) {
        guard bytes.count <= Self.largest else { throw MemoryRefusal(.malformed, "request is too long") }
        let head: [UInt8]
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            head = try reader.bytes(4)
            address = GuestAddress(try reader.integer())
            byteCount = try reader.integer()
            payload = try reader.bytes(reader.remaining)
        } catch { throw MemoryRefusal(.malformed, error.description) }
        guard head[0] == Self.version else { throw MemoryRefusal(.malformed, "unknown version \(head[0])") }
        guard let operation = Operation(rawValue: head[1]), head[2] < 2, head[3] == 0 else {
            throw MemoryRefusal(.malformed, "unknown operation or observer")
        }
        self.operation = operation
        observer = head[2] == 0 ? .host : .guest
        try check()
    }

    private func check() throws(MemoryRefusal) {
        let isSound =
            switch operation {
            case .read: (1...UInt64(Self.mostBytes)).contains(byteCount) && payload.isEmpty
            case .write: !payload.isEmpty && byteCount == UInt64(payload.count)
            case .scan: (1...Self.longestPattern).contains(payload.count)
            case .map: payload.isEmpty
            case .remap: payload.isEmpty && observer == .host
            }
        guard isSound else { throw MemoryRefusal(.malformed, "count does not fit the operation") }
    }
}

/// An answer that is none: what it is about, in words.
public struct MemoryRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: UInt8, Sendable {
        case malformed = 1
        /// The machine does not let the observer: a fault.
        case fault = 2
        case noMemory = 3
        case inputOutput = 4
    }

    public let kind: Kind
    public let description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    init(_ error: ObservationError) {
        let kind: Kind =
            switch error {
            case .guest: .fault
            case .host(.reverseMap): .fault
            case .host(.noMemory), .noMemory, .notRemappable: .noMemory
            case .file: .inputOutput
            }
        self.init(kind, error.description)
    }
}
