public import FileSystems
public import SquashFS

/// Why the memory disk of a GRUB image cannot be read.
public enum MemdiskError: Error, Equatable, Sendable, CustomStringConvertible {
    case fat(FATError)
    case squash(SquashError)

    public var description: String {
        switch self {
        case .fat(let error): error.description
        case .squash(let error): error.description
        }
    }
}
