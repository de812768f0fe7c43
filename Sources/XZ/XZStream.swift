internal import CLZMA

/// Streams of the .xz format, in memory.
///
/// Source: "The .xz File Format", section 2.1.
public enum XZStream {
    /// What decoding may take beside the result: `xz -9` makes streams that need 65 MiB.
    private static let memoryLimit: UInt64 = 80 << 20

    /// Decodes one stream, which must be all of `stream`, with its integrity check.
    ///
    /// - Parameter limit: the most bytes that it may become.
    public static func decode(_ stream: [UInt8], limit: Int) throws(XZError) -> [UInt8] {
        var memory = memoryLimit
        var consumed = 0
        var result = LZMA_OK
        let decoded = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            unsafe result = lzma_stream_buffer_decode(
                &memory, 0, nil, stream, &consumed, stream.count, buffer.baseAddress, &count, limit)
            if result != LZMA_OK { count = 0 }
        }
        switch result {
        case LZMA_OK: break
        case LZMA_BUF_ERROR: throw .tooLong(limit: limit)
        case LZMA_MEMLIMIT_ERROR, LZMA_MEM_ERROR: throw .memory(needed: memory)
        default: throw .malformed
        }
        guard consumed == stream.count else { throw .trailing(count: stream.count - consumed) }
        return decoded
    }
}

/// Why bytes are not one stream of the .xz format.
public enum XZError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It becomes more bytes than that, or it is cut.
    case tooLong(limit: Int)
    /// Bytes of memory that decoding would take.
    case memory(needed: UInt64)
    /// Another format, a filter that nobody has, or a check that fails.
    case malformed
    case trailing(count: Int)

    public var description: String {
        switch self {
        case .tooLong(let limit): "xz: cut, or longer than \(limit) bytes"
        case .memory(let needed): "xz: it needs \(needed) bytes of memory"
        case .malformed: "xz: no such stream, or a spoilt one"
        case .trailing(let count): "xz: \(count) bytes after the end of the stream"
        }
    }
}
