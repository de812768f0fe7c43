public import Cryptography
public import InitramfsRuntime

/// Why the model itself cannot do what it was asked: not a fault of the machine that it models.
public enum MemoryModelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kernel does not give so much address space.
    case noAddressSpace(bytes: UInt64, errno: Int32)
    /// Sizes are whole pages of 2 MiB, and not more than 64 TiB.
    case size(UInt64)
    /// Identifiers go from 1 to 1023, and every guest has its own.
    case asid(ASID)
    /// A part of a memory file that overlaps another, leaves the file, or is not whole pages.
    case region(GuestAddress)
    case file(FileError)
    case cryptography(CryptographyError)

    public var description: String {
        switch self {
        case .noAddressSpace(let bytes, let errno):
            "memory model: cannot reserve \(bytes) bytes" + (errno == 0 ? "" : ": " + describeErrno(errno))
        case .size(let bytes): "memory model: \(bytes) bytes are no whole number of 2 MiB pages, or too many"
        case .asid(let asid): "memory model: ASID \(asid) is not free"
        case .region(let address): "memory model: no sound region at 0x" + String(address.rawValue, radix: 16)
        case .file(let error): "memory model: " + error.description
        case .cryptography(let error): "memory model: " + error.description
        }
    }
}
