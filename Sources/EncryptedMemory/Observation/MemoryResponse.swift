internal import BoundedBytes

/// What a scan has found so far.
public struct ScanResult: Equatable, Sendable {
    public var hits: [GuestAddress] = []
    /// Bytes that were looked at, and those that the observer could not read.
    public var scannedBytes: UInt64 = 0
    public var unreadableBytes: UInt64 = 0
    /// Where to go on; nil at the end of the range.
    public var next: GuestAddress?
}

/// The answer to a `MemoryRequest`, and its bytes: 0 and what was asked for, or the kind of a refusal and UTF-8 text.
public enum MemoryResponse: Equatable, Sendable {
    case bytes([UInt8])
    case written
    case scan(ScanResult)
    /// Ranges in the order of addresses, and where to go on.
    case map([MemoryExtent], next: GuestAddress?)
    case refused(MemoryRefusal)

    /// Most hits or ranges in one answer.
    static let mostItems = 4096
    /// Size of the largest answer, in bytes.
    public static let largest = 1 + MemoryRequest.mostBytes

    public var encoded: [UInt8] {
        var writer = ByteWriter()
        if case .refused(let refusal) = self {
            return [refusal.kind.rawValue] + Array(refusal.description.utf8)
        }
        writer.append([0])
        switch self {
        case .bytes(let bytes): writer.append(bytes)
        case .written, .refused: break
        case .scan(let result):
            writer.littleEndian(result.next?.rawValue ?? .max)
            writer.littleEndian(result.scannedBytes)
            writer.littleEndian(result.unreadableBytes)
            for hit in result.hits { writer.littleEndian(hit.rawValue) }
        case .map(let extents, let next):
            writer.littleEndian(next?.rawValue ?? .max)
            for extent in extents {
                writer.littleEndian(extent.start.rawValue)
                writer.littleEndian(extent.byteCount)
                writer.littleEndian(UInt64(extent.state.rawValue))
            }
        }
        return writer.bytes
    }

    /// Reads the answer to a request of that operation.
    public init(parsing bytes: [UInt8], to operation: MemoryRequest.Operation) throws(MemoryRefusal) {
        if let code = bytes.first, code != 0 {
            guard let kind = MemoryRefusal.Kind(rawValue: code) else {
                throw MemoryRefusal(.malformed, "unknown answer \(code)")
            }
            self = .refused(MemoryRefusal(kind, String(decoding: bytes[1...], as: UTF8.self)))
            return
        }
        do throws(ByteError) { self = try Self.content(bytes, operation) } catch {
            throw MemoryRefusal(.malformed, error.description)
        }
    }

    private static func content(
        _ bytes: [UInt8], _ operation: MemoryRequest.Operation
    ) throws(ByteError) -> MemoryResponse {
        var reader = ByteReader(bytes.span)
        try reader.skip(1)
        switch operation {
        case .read: return .bytes(try reader.bytes(reader.remaining))
        case .write, .remap:
            try reader.finish()
            return .written
        case .scan:
            var result = ScanResult()
            result.next = next(try reader.integer())
            result.scannedBytes = try reader.integer()
            result.unreadableBytes = try reader.integer()
            while reader.remaining > 0 { result.hits.append(GuestAddress(try reader.integer())) }
            return .scan(result)
        case .map:
            let next = next(try reader.integer())
            var extents: [MemoryExtent] = []
            while reader.remaining > 0 {
                let (start, byteCount) = (GuestAddress(try reader.integer()), try reader.integer(UInt64.self))
                let state = MemoryState(rawValue: UInt8(truncatingIfNeeded: try reader.integer(UInt64.self)))
                extents.append(MemoryExtent(start: start, byteCount: byteCount, state: state))
            }
            return .map(extents, next: next)
        }
    }

    private static func next(_ value: UInt64) -> GuestAddress? { value == .max ? nil : GuestAddress(value) }
}
