internal import Cryptography
internal import InitramfsRuntime

/// SHA-256 of files of any size.
enum FileHash {
    /// How much of a file is in memory at a time, in bytes.
    private static let blockByteCount = 1 << 20

    static func sha256(_ path: String, area: String) throws(CommandFailure) -> [UInt8] {
        var hash = RunningDigest(.sha256)
        do throws(FileError) {
            let file = try FileDescriptor.open(readingAt: path)
            let byteCount = try file.byteCount
            var block = [UInt8](repeating: 0, count: blockByteCount)
            var offset: UInt64 = 0
            while offset < byteCount {
                let count = Int(min(UInt64(blockByteCount), byteCount - offset))
                try file.read(count, at: offset, into: &block)
                hash.update(block.span.extracting(0..<count))
                offset += UInt64(count)
            }
        } catch { throw CommandFailure(error, area: area) }
        do throws(CryptographyError) { return try hash.finish() } catch {
            throw CommandFailure(.internalFault, area: area, error.description)
        }
    }
}
