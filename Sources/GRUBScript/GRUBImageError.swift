public import BoundedBytes

/// Why bytes are not the `mods` section of a GRUB image. Offsets are in bytes from the start of the section.
public enum GRUBImageError: Error, Equatable, Sendable, CustomStringConvertible {
    case bytes(ByteError)
    /// A module that is no 64-bit little-endian ELF file with a name, or whose tables point out of it.
    case module(offset: Int, what: String)
    /// Neither FAT nor squashfs, or one whose parts do not fit together.
    case memdisk(offset: Int, MemdiskError)
    case text(offset: Int)
    /// Without a prefix object, or with a wrong magic number in front.
    case noPrefix

    public var description: String {
        switch self {
        case .bytes(let error): error.description
        case .module(let offset, let what): "module at offset \(offset): \(what)"
        case .memdisk(let offset, let error): "memory disk at offset \(offset): \(error)"
        case .text(let offset): "offset \(offset): no UTF-8 text"
        case .noPrefix: "no modules of GRUB, or none that says where its files are"
        }
    }
}
