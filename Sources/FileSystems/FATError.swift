public import BoundedBytes

/// Why bytes are not the FAT file system that they should be.
public enum FATError: Error, Equatable, Sendable, CustomStringConvertible {
    case bytes(ByteError)
    /// A field of the boot sector that no file system has, by Microsoft's name for it.
    case field(String, UInt64)
    /// The volume is shorter than its boot sector says; both in bytes.
    case cut(needed: UInt64, available: UInt64)
    /// A cluster that does not exist, is free or bad, in the chain that begins at `start`.
    case chain(start: UInt32, cluster: UInt32)
    /// The chain from there comes back to itself, or is longer than a folder may be.
    case endless(start: UInt32)
    /// A file whose chain holds fewer bytes than its length.
    case shortFile(start: UInt32, byteCount: UInt32)

    public var description: String {
        switch self {
        case .bytes(let error): "FAT: \(error)"
        case .field(let name, let value): "FAT boot sector: \(name) is \(value)"
        case .cut(let needed, let available): "FAT: \(needed) bytes needed, the volume has \(available)"
        case .chain(let start, let cluster): "FAT: cluster \(cluster) in the chain from \(start) is no part of a file"
        case .endless(let start): "FAT: the chain from cluster \(start) does not end where it should"
        case .shortFile(let start, let count): "FAT: the chain from cluster \(start) is shorter than \(count) bytes"
        }
    }
}
