internal import CLinux
internal import FileSystems
internal import InitramfsRuntime
internal import PartitionTable

/// The image, open and locked until this goes away.
struct ImageFile: ~Copyable {
    let file: FileDescriptor
    /// Size, and what is allocated of it on its file system, in bytes, when it was opened.
    let byteCount: UInt64
    let allocatedByteCount: UInt64
    /// Permission bits.
    let mode: UInt32

    /// Opens `path`, to change it or only to read it.
    ///
    /// Held locks: flock(2), which libcryptsetup and loop-device tools use, and for a change also the
    /// open-file-description lock on the whole file, which meets the ones that QEMU keeps on its disks.
    static func open(_ path: String, isChanged: Bool) throws(ImagingError) -> ImageFile {
        let file = try files { () throws(FileError) in
            isChanged ? try FileDescriptor.open(updatingAt: path) : try FileDescriptor.open(readingAt: path)
        }
        var status = stat()
        guard unsafe fstat(file.rawValue, &status) == 0 else {
            throw .file(FileError(.read, path, errno: shim_errno()))
        }
        guard shim_is_regular(status.st_mode) != 0 else { throw .notRegularFile(path) }
        guard flock(file.rawValue, (isChanged ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 else {
            throw shim_errno() == EWOULDBLOCK ? .inUse(path) : .file(FileError(.lock, path, errno: shim_errno()))
        }
        if isChanged {
            guard shim_lock_whole_file(file.rawValue) == 0 else {
                let isTaken = shim_errno() == EAGAIN || shim_errno() == EACCES
                throw isTaken ? .inUse(path) : .file(FileError(.lock, path, errno: shim_errno()))
            }
        }
        return ImageFile(
            file: file, byteCount: UInt64(status.st_size), allocatedByteCount: UInt64(status.st_blocks) * 512,
            mode: status.st_mode & 0o777)
    }

    /// Reads both copies of the partition table.
    func readTable() throws(ImagingError) -> PartitionTable {
        do throws(PartitionTableFailure<ImagingError>) {
            return try PartitionTable.read(byteCount: byteCount) { (count, offset) throws(ImagingError) in
                try read(count, at: offset)
            }
        } catch {
            switch error {
            case .source(let error): throw error
            case .table(let error): throw .table(error)
            }
        }
    }

    /// What lies in `partition`.
    func content(of partition: Partition, sectorBytes: Int) throws(ImagingError) -> PartitionContent {
        let size = UInt64(sectorBytes)
        let count = min(UInt64(PartitionContent.probeByteCount), partition.sectorCount * size)
        return PartitionContent(probing: try read(count, at: partition.firstLBA * size))
    }

    func read(_ count: UInt64, at offset: UInt64) throws(ImagingError) -> [UInt8] {
        try files { () throws(FileError) in try file.read(Int(count), at: offset) }
    }
}
