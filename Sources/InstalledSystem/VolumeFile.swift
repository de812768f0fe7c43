public import Cryptography
public import EFI

/// One open file of a volume, which may be a PE image.
public struct VolumeFile: ImageSource {
    let volume: String
    let path: String
    let contents: any FileContents

    /// The longest file that is opened, in bytes: no boot loader has memory for more, and a hostile file system may
    /// claim sizes that nobody could ever read.
    static let longest: UInt64 = 1 << 32
    /// Bytes read at a time.
    private static let blockByteCount = 1 << 17

    public var byteCount: Int { Int(contents.byteCount) }

    public func read(_ range: Range<Int>, into buffer: inout [UInt8]) throws(InstalledSystemError) {
        try contents.read(range.count, at: UInt64(range.lowerBound), into: &buffer)
    }

    func readAll(limit: Int) throws(InstalledSystemError) -> [UInt8] {
        guard byteCount <= limit else {
            throw .tooLarge(volume: volume, path: path, byteCount: contents.byteCount, limit: UInt64(limit))
        }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        if !bytes.isEmpty { try contents.read(byteCount, at: 0, into: &bytes) }
        return bytes
    }

    /// One digest an algorithm, in their order.
    public func digests(_ algorithms: [DigestAlgorithm]) throws(InstalledSystemError) -> [[UInt8]] {
        let digests = RunningDigests(algorithms)
        try feed(digests)
        do throws(CryptographyError) { return try digests.finish() } catch { throw .cryptography(error) }
    }

    /// Hashes the whole file, or a range of it, block by block.
    public func feed(_ digests: RunningDigests, _ range: Range<Int>? = nil) throws(InstalledSystemError) {
        let range = range ?? 0..<byteCount
        var buffer = [UInt8](repeating: 0, count: min(Self.blockByteCount, range.count))
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = min(buffer.count, range.upperBound - offset)
            try contents.read(count, at: UInt64(offset), into: &buffer)
            digests.update(buffer.span.extracting(first: count))
            offset += count
        }
    }
}
