public import Cryptography

/// A file that is read in ranges; the caller owns the input and output.
public protocol ImageSource: ~Copyable {
    associatedtype Failure: Error
    /// Length of the file in bytes.
    var byteCount: Int { get }
    /// Reads all of `range`, which lies within the file, into the front of `buffer`, which is long enough.
    func read(_ range: Range<Int>, into buffer: inout [UInt8]) throws(Failure)
}

/// Why a file could not be read as an EFI image: the file, its content, or libcrypto.
public enum ImageFailure<SourceFailure: Error>: Error {
    case source(SourceFailure)
    case format(EFIError)
    case cryptography(CryptographyError)
}

extension ImageSource where Self: ~Copyable {
    /// A copy of `range`.
    func bytes(_ range: Range<Int>) throws(ImageFailure<Failure>) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: range.count)
        do throws(Failure) { try read(range, into: &buffer) } catch { throw .source(error) }
        return buffer
    }
}

/// A file that is in memory.
public struct MemorySource: ImageSource {
    private let bytes: [UInt8]
    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public var byteCount: Int { bytes.count }
    public func read(_ range: Range<Int>, into buffer: inout [UInt8]) {
        buffer.replaceSubrange(0..<range.count, with: bytes[range])
    }
}
