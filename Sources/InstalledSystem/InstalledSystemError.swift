internal import CLinux
public import Cryptography
public import EFI
public import FileSystems
public import InitramfsRuntime
public import PartitionTable

/// Why the boot files of an installed system could not be read. Names and numbers of files are untrusted.
public enum InstalledSystemError: Error, Equatable, CustomStringConvertible {
    case file(FileError)
    case table(PartitionTableError)
    case cryptography(CryptographyError)
    /// `--image` names a folder, a pipe or a terminal.
    case notImage(String)
    case inUse(String)
    case fat(volume: String, FATError)
    /// libext2fs refuses the file system or a part of it: its code and words.
    case ext(volume: String, path: String, code: Int, message: String)
    /// The file system is larger than its partition; both in bytes.
    case cut(volume: String, needed: UInt64, available: UInt64)
    /// A name with a NUL, or longer than 4096 bytes.
    case name(String)
    case missing(volume: String, path: String)
    /// A folder, a device or a pipe where a file should be, or a file where a folder should be.
    case wrongKind(volume: String, path: String)
    /// A program of the boot chain that is not the PE image that it should be.
    case program(volume: String, path: String, EFIError)
    /// Longer than its reader accepts, in bytes.
    case tooLarge(volume: String, path: String, byteCount: UInt64, limit: UInt64)
    /// Several partitions could be the one that is wanted. The list has one line a partition.
    case ambiguous(wanted: String, partitions: [String])
    case noPartition(wanted: String, partitions: [String])
    /// There is no partition for `/boot`, and the root is encrypted.
    case encryptedBoot(partitions: [String])

    public var exitCode: ExitCode {
        switch self {
        case .file(let error):
            error.isMissing ? .missing : error.errno == ELOOP || error.operation == .limit ? .malformed : .inputOutput
        case .table, .fat, .ext, .cut, .wrongKind, .tooLarge, .name, .program: .malformed
        case .cryptography: .internalFault
        case .notImage: .usage
        case .inUse, .missing, .ambiguous, .noPartition, .encryptedBoot: .missing
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .table(let error): error.description
        case .cryptography(let error): error.description
        case .notImage(let path): "\(path) is neither a file nor a block device"
        case .inUse(let path): "\(path) is being written by another program"
        case .fat(let volume, let error): "\(volume): \(error)"
        case .ext(let volume, let path, _, let message): "\(volume)\(path): \(message)"
        case .cut(let volume, let needed, let available):
            "\(volume): the file system has \(needed) bytes, its partition \(available)"
        case .name(let name): "\(name): not the name of a file"
        case .missing(let volume, let path): "\(volume): there is no \(path)"
        case .wrongKind(let volume, let path): "\(volume): \(path) is not what it should be: a file, or a folder"
        case .program(let volume, let path, let error): "\(volume)\(path): \(error)"
        case .tooLarge(let volume, let path, let count, let limit):
            "\(volume): \(path) has \(count) bytes, more than the \(limit) that are read"
        case .ambiguous(let wanted, let list): "more than one partition could be \(wanted):" + Self.lines(list)
        case .noPartition(let wanted, let list): "no partition is \(wanted); there are:" + Self.lines(list)
        case .encryptedBoot(let list):
            "/boot cannot be read: it has no partition of its own, and the root is encrypted:" + Self.lines(list)
        }
    }

    private static func lines(_ list: [String]) -> String { list.map { "\n  " + $0 }.joined() }
}

/// `rethrow` for the error that nearly every step meets.
func files<Value: ~Copyable>(_ body: () throws(FileError) -> Value) throws(InstalledSystemError) -> Value {
    try rethrow(as: InstalledSystemError.file, body)
}
