public import BoundedBytes
public import XZ

/// Why bytes are not a squashfs file system that can be read here. Offsets are in bytes from its start.
public enum SquashError: Error, Equatable, Sendable, CustomStringConvertible {
    case bytes(ByteError)
    /// A field whose value no such file system has, or none that is read here.
    case field(String, UInt64)
    /// A block that does not lie within the file system.
    case outside(offset: UInt64, byteCount: Int)
    case block(offset: Int, XZError)
    /// A block that has another length when it is decoded; both in bytes.
    case blockLength(offset: Int, expected: Int, found: Int)
    /// What lies at a path is neither a file nor a directory.
    case kind(UInt16)

    public var description: String {
        switch self {
        case .bytes(let error): "squashfs: \(error)"
        case .field(let name, let value): "squashfs: \(name) is \(value)"
        case .outside(let offset, let count): "squashfs: there are no \(count) bytes at \(offset)"
        case .block(let offset, let error): "squashfs: block at \(offset): \(error)"
        case .blockLength(let offset, let expected, let found):
            "squashfs: block at \(offset): \(found) bytes where \(expected) are due"
        case .kind(let type): "squashfs: an inode of type \(type) is neither a file nor a directory"
        }
    }
}
