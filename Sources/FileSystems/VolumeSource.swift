/// The bytes of one file system; the caller owns the input and output.
public protocol VolumeSource {
    associatedtype Failure: Error
    /// Length in bytes.
    var byteCount: UInt64 { get }
    /// Reads exactly `count` bytes at `offset`, all of them within the volume.
    func read(_ count: Int, at offset: UInt64) throws(Failure) -> [UInt8]
}

/// Why a file system could not be read: its medium, or what lies on it.
public enum FATFailure<SourceFailure: Error>: Error {
    case source(SourceFailure)
    case format(FATError)
}
