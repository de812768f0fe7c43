/// Where a TPM command or a response begins and ends in a stream.
///
/// Source: TCG TPM 2.0 Library, Part 1, section 18: tag of 2 bytes, size of 4 bytes, code of 4 bytes, all big-endian;
/// the size counts the header, too.
enum TPMFrame {
    static let headerByteCount = 10
    /// Longest command or response, in bytes: libtpms' TPM2_BUFFER_MAX, and less than a page of the vTPM protocol.
    static let longest = 4096

    /// The size that the header names, or nil while there is no whole header.
    static func byteCount(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= headerByteCount else { return nil }
        return bytes[bytes.startIndex + 2..<bytes.startIndex + 6].reduce(0) { $0 << 8 | Int($1) }
    }

    /// Whether a header may name that size.
    static func isPossible(_ byteCount: Int) -> Bool { byteCount >= headerByteCount && byteCount <= longest }

    /// Checks that `bytes` are one whole command: swtpm takes whatever one read gives it, and would answer the next one
    /// for this one.
    static func check(_ bytes: [UInt8]) throws(SVSMError) {
        guard let size = byteCount(bytes[...]) else { throw .frame("\(bytes.count) bytes are no header") }
        guard size == bytes.count, isPossible(size) else {
            throw .frame("\(bytes.count) bytes, and \(size) in the header")
        }
    }

    /// The response code of a response that `check` passed.
    static func code(_ bytes: [UInt8]) -> UInt32 { bytes[6..<10].reduce(0) { $0 << 8 | UInt32($1) } }
}
