internal import CLinux
public import Cryptography
public import InitramfsRuntime
public import LUKS
public import PartitionTable

/// Why an image was not encrypted. The image itself is as it was unless `keepsWorkFolder` is set.
public enum ImagingError: Error, Equatable, CustomStringConvertible {
    case file(FileError)
    case table(PartitionTableError)
    case luks(LUKSError)
    case cryptography(CryptographyError)
    case notRegularFile(String)
    /// Another process has locked the image.
    case inUse(String)
    /// `--partition` names none, or no rule finds the root. The list has one line a partition.
    case noSuchPartition(wanted: String, partitions: [String])
    case noRoot(partitions: [String])
    /// More than one partition fits `rule`.
    case ambiguous(rule: String, partitions: [String])
    /// The partition holds something else than an ext file system.
    case notExt4(partition: Int, found: String)
    /// Bytes needed on the file system of `folder`, and bytes there.
    case noSpace(folder: String, needed: UInt64, available: UInt64)
    /// No room for the header: neither in the file system nor behind the partition.
    case cannotGrow(partition: Int, needed: UInt64)
    case toolMissing(String)
    /// Exit status, or 128 and the signal; the last line that the tool wrote.
    case toolFailed(String, status: Int32, message: String)
    case exists(String)
    /// An earlier run was cut off; `isImageTouched` once writing into the image had begun.
    case unfinished(folder: String, isImageTouched: Bool)
    case nothingToResume(folder: String)
    case journal(String, reason: String)
    /// The image is not the one that the earlier run had begun with.
    case imageChanged(String)
    /// The volume could not be sealed: the part of the machine, and what is wrong.
    case sealing(area: String, detail: String, ExitCode)
    case interrupted
    /// The write into the image did not end; `--resume` goes on with it.
    indirect case cutOff(ImagingError)

    public var exitCode: ExitCode {
        switch self {
        case .file(let error): error.isMissing ? .missing : .inputOutput
        case .table, .notExt4, .journal, .imageChanged: .malformed
        case .noSuchPartition, .noRoot, .ambiguous, .exists, .unfinished, .nothingToResume, .notRegularFile: .usage
        case .cannotGrow: .malformed
        case .luks(let error): error.errno == ENOSPC || error.errno == EIO ? .inputOutput : .internalFault
        case .cryptography: .internalFault
        case .inUse, .toolMissing: .missing
        case .toolFailed: .malformed
        case .noSpace, .interrupted: .inputOutput
        case .cutOff(let error): error.exitCode
        case .sealing(_, _, let code): code
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .table(let error): error.description
        case .luks(let error): error.description
        case .cryptography(let error): error.description
        case .notRegularFile(let path): "\(path) is not a regular file: give a raw image"
        case .inUse(let path): "\(path) is in use by another program"
        case .noSuchPartition(let wanted, let list): "no partition \(wanted); there are:" + Self.lines(list)
        case .noRoot(let list): "no partition looks like the root; name it with --partition:" + Self.lines(list)
        case .ambiguous(let rule, let list):
            "more than one partition is \(rule); name the root with --partition:" + Self.lines(list)
        case .notExt4(let number, let found): "partition \(number) holds \(found), not a plain ext4 file system"
        case .noSpace(let folder, let needed, let available):
            "\(folder) has \(Self.mebibytes(available)) MiB free; \(Self.mebibytes(needed)) MiB are needed"
        case .cannotGrow(let number, let needed):
            "partition \(number) has no room for the LUKS2 header: its file system cannot shrink by "
                + "\(Self.mebibytes(needed)) MiB and another partition follows; free some space in it"
        case .toolMissing(let tool): "\(tool) not found; install the package e2fsprogs"
        case .toolFailed(let tool, let status, let message): "\(tool) failed (\(status)): \(message)"
        case .exists(let path): "\(path) exists already: remove it, or name another file"
        case .unfinished(let folder, let isImageTouched):
            isImageTouched
                ? "\(folder): an earlier run was cut off while it wrote the image; finish it with --resume"
                : "\(folder): an earlier run was cut off before it changed the image; go on with --resume, or "
                    + "remove that folder"
        case .nothingToResume(let folder): "there is no \(folder): nothing to resume"
        case .journal(let path, let reason): "\(path): \(reason)"
        case .imageChanged(let path): "\(path) is not the image that the earlier run began with"
        case .sealing(let area, let detail, _): "\(area): \(detail); the image is unchanged"
        case .interrupted: "interrupted; the image is unchanged"
        case .cutOff(.interrupted): "interrupted while writing the image; finish it with --resume"
        case .cutOff(let error): "\(error); the result is not complete: finish it with --resume"
        }
    }

    private static func lines(_ list: [String]) -> String { list.map { "\n  " + $0 }.joined() }

    /// Rounded up, so that the number shown is enough.
    private static func mebibytes(_ bytes: UInt64) -> UInt64 { bytes / (1 << 20) + (bytes % (1 << 20) == 0 ? 0 : 1) }
}

/// `rethrow` for the two lower errors that nearly every step meets.
func files<Value: ~Copyable>(_ body: () throws(FileError) -> Value) throws(ImagingError) -> Value {
    try rethrow(as: ImagingError.file, body)
}
func tables<Value: ~Copyable>(_ body: () throws(PartitionTableError) -> Value) throws(ImagingError) -> Value {
    try rethrow(as: ImagingError.table, body)
}
