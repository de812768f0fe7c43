import BoundedBytes
import EventLog

/// Writes logs that no machine has made.
struct LogBuilder {
    private var writer = ByteWriter()
    private(set) var starts: [Int] = []

    /// Begins with a header that names these algorithms and digest sizes; without any it has none.
    init(_ banks: [(UInt16, UInt16)] = []) {
        guard !banks.isEmpty else { return }
        var header = ByteWriter()
        header.append(Array("Spec ID Event03\0".utf8) + [0, 0, 0, 0, 0, 2, 0, 2])
        header.littleEndian(UInt32(banks.count))
        for (identifier, size) in banks {
            header.littleEndian(identifier)
            header.littleEndian(size)
        }
        header.append([0])
        old(pcr: 0, .noAction, [UInt8](repeating: 0, count: 20), header.bytes)
    }

    var bytes: [UInt8] { writer.bytes }

    mutating func old(pcr: UInt32, _ type: EventType, _ digest: [UInt8], _ data: [UInt8]) {
        starts.append(writer.bytes.count)
        writer.littleEndian(pcr)
        writer.littleEndian(type.rawValue)
        writer.append(digest)
        writer.littleEndian(UInt32(data.count))
        writer.append(data)
    }

    mutating func agile(pcr: UInt32, _ type: EventType, _ digests: [(UInt16, [UInt8])], _ data: [UInt8]) {
        starts.append(writer.bytes.count)
        writer.littleEndian(pcr)
        writer.littleEndian(type.rawValue)
        writer.littleEndian(UInt32(digests.count))
        for (identifier, digest) in digests {
            writer.littleEndian(identifier)
            writer.append(digest)
        }
        writer.littleEndian(UInt32(data.count))
        writer.append(data)
    }

    /// A log with one SHA-256 record.
    static func sha256(pcr: UInt32, _ type: EventType, _ digest: String, _ data: [UInt8]) throws -> EventLog {
        var builder = LogBuilder([(0x0B, 32)])
        builder.agile(pcr: pcr, type, [(0x0B, Hexadecimal.decode(digest) ?? [])], data)
        return try EventLog(parsing: builder.bytes)
    }
}
