internal import BoundedBytes
internal import CLinux
internal import InitramfsRuntime
internal import PartitionTable

/// Puts the finished work file in its place. Every step can be done again from the start.
struct WriteBack {
    let folder: WorkFolder
    let journal: Journal
    let progress: ProgressReport

    /// Overwrites the partition in the image, in ascending order.
    func update(_ image: borrowing ImageFile) throws(ImagingError) {
        try requireSame(image)
        if image.byteCount < journal.newImageByteCount {
            try files { () throws(FileError) in try image.file.resize(to: journal.newImageByteCount) }
        }
        try copyPartition(into: image.file.rawValue, image.file.path, total: journal.newByteCount)
        try files { () throws(FileError) in
            // The partition first: with the old table in place the old size is still covered.
            try image.file.synchronize()
            for range in journal.tableRanges { try image.file.write(range.bytes, at: range.offset) }
            try image.file.synchronize()
        }
    }

    /// Makes `output` from `image` and the work file. It appears under its name when it is complete.
    func make(_ output: String, from image: borrowing ImageFile) throws(ImagingError) {
        if unsafe access(output, F_OK) == 0 {
            // Either this run's own, moved just before it was cut off, or somebody else's.
            guard unsafe access(folder.image, F_OK) != 0, try isResult(output) else { throw .exists(output) }
            return
        }
        try requireSame(image)
        try WorkFolder.removeFile(folder.image)
        let result = try files { () throws(FileError) in
            let result = try FileDescriptor.create(folder.image, mode: image.mode)
            try result.resize(to: journal.newImageByteCount)
            return result
        }
        let total = image.byteCount + journal.newByteCount
        let copy = RangeCopy(
            source: image.file.rawValue, sourcePath: image.file.path, target: result.rawValue,
            targetPath: folder.image)
        let end = journal.offset + journal.byteCount
        // The copy of the old backup table is no more than a stray piece where the image has grown.
        let parts = [
            (start: 0, count: journal.offset), (start: end, count: image.byteCount - min(image.byteCount, end)),
        ]
        for part in parts {
            try copy.copy(from: part.start, to: part.start, count: part.count, keepsHoles: true) {
                progress(ImagingProgress(phase: .write, done: part.start + $0, total: total))
            }
        }
        try copyPartition(into: result.rawValue, folder.image, after: image.byteCount, total: total)
        try files { () throws(FileError) in
            for range in journal.tableRanges { try result.write(range.bytes, at: range.offset) }
            try result.synchronize()
        }
        guard unsafe renameat2(AT_FDCWD, folder.image, AT_FDCWD, output, UInt32(RENAME_NOREPLACE)) == 0 else {
            throw shim_errno() == EEXIST ? .exists(output) : .file(FileError(.rename, output, errno: shim_errno()))
        }
        try files { () throws(FileError) in try FileDescriptor.open(readingAt: folder.parent).synchronize() }
    }

    private func isResult(_ path: String) throws(ImagingError) -> Bool {
        try files { () throws(FileError) in
            let file = try FileDescriptor.open(readingAt: path)
            guard try file.byteCount == journal.newImageByteCount else { return false }
            return GUID(bytes: try file.read(16, at: guidOffset))?.description == journal.diskGUID
        }
    }

    private func copyPartition(
        into target: Int32, _ path: String, after before: UInt64 = 0, total: UInt64
    ) throws(ImagingError) {
        let work = try files { () throws(FileError) in try FileDescriptor.open(readingAt: folder.partition) }
        let copy = RangeCopy(source: work.rawValue, sourcePath: folder.partition, target: target, targetPath: path)
        // Holes are written, too: what was there before must not stay.
        try copy.copy(from: 0, to: journal.offset, count: journal.newByteCount, keepsHoles: false) {
            progress(ImagingProgress(phase: .write, done: before + $0, total: total))
        }
    }

    /// Where the header at LBA 1 has the disk GUID, in bytes from the start of the image.
    private var guidOffset: UInt64 { journal.sectorByteCount + 56 }

    /// The image may be in either state, or between them; its size and its disk GUID show that it is this
    /// one. The GUID is the same in the old table and in the new one.
    private func requireSame(_ image: borrowing ImageFile) throws(ImagingError) {
        let isOldSize = image.byteCount == journal.imageByteCount
        guard isOldSize || image.byteCount == journal.newImageByteCount, image.byteCount >= guidOffset + 16,
            GUID(bytes: try image.read(16, at: guidOffset))?.description == journal.diskGUID
        else { throw .imageChanged(image.file.path) }
    }
}
