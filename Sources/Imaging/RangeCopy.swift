internal import CLinux
internal import InitramfsRuntime

/// Copies a range of one file into another by the kernel, which shares the blocks where it can.
struct RangeCopy {
    let source: Int32
    let sourcePath: String
    let target: Int32
    let targetPath: String

    /// The most that is copied between two reports of progress, in bytes.
    private static let step: UInt64 = 16 << 20

    /// Copies `count` bytes; `report` is told bytes done so far and false from it ends the copy.
    ///
    /// - Parameter keepsHoles: leaves a hole of the source out; for a new target, where it reads as zeros.
    func copy(
        from sourceStart: UInt64, to targetStart: UInt64, count: UInt64, keepsHoles: Bool, report: (UInt64) -> Bool
    ) throws(ImagingError) {
        var done: UInt64 = 0
        while done < count {
            guard report(done) else { throw .interrupted }
            let data = keepsHoles ? try nextData(from: sourceStart + done, end: sourceStart + count) : nil
            if let data { done = data.lowerBound - sourceStart }
            guard done < count else { break }
            let end = data.map { $0.upperBound - sourceStart } ?? count
            let part = min(Self.step, end - done)
            try files { () throws(FileError) in
                try copyDense(from: sourceStart + done, to: targetStart + done, count: part)
            }
            done += part
        }
        guard report(count) else { throw .interrupted }
    }

    /// The next range with data, or an empty one at `end`.
    private func nextData(from start: UInt64, end: UInt64) throws(ImagingError) -> Range<UInt64> {
        let data = lseek(source, off_t(start), SEEK_DATA)
        // ENXIO: nothing but a hole up to the end of the file.
        guard data >= 0 else {
            guard shim_errno() == ENXIO else { return start..<end }
            return end..<end
        }
        guard UInt64(data) < end else { return end..<end }
        let hole = lseek(source, data, SEEK_HOLE)
        return UInt64(data)..<(hole > data ? min(UInt64(hole), end) : end)
    }

    private func copyDense(from sourceStart: UInt64, to targetStart: UInt64, count: UInt64) throws(FileError) {
        var from = off_t(sourceStart)
        var to = off_t(targetStart)
        var left = Int(count)
        while left > 0 {
            let moved = unsafe copy_file_range(source, &from, target, &to, left, 0)
            if moved > 0 {
                left -= moved
                continue
            }
            switch moved == 0 ? 0 : shim_errno() {
            case EINTR: continue
            case 0: throw FileError(.read, sourcePath, errno: 0)
            case EXDEV, EINVAL, ENOSYS, EOPNOTSUPP: return try copyByHand(from: from, to: to, count: left)
            case let code: throw FileError(.write, targetPath, errno: code)
            }
        }
    }

    /// For file systems between which the kernel does not copy.
    private func copyByHand(from sourceStart: off_t, to targetStart: off_t, count: Int) throws(FileError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var done = 0
        while done < count {
            let got = unsafe pread(source, &buffer, min(buffer.count, count - done), sourceStart + off_t(done))
            if got < 0 && shim_errno() == EINTR { continue }
            guard got > 0 else { throw FileError(.read, sourcePath, errno: got < 0 ? shim_errno() : 0) }
            var put = 0
            while put < got {
                let wrote = unsafe buffer.withUnsafeBytes {
                    unsafe pwrite(
                        target, $0.baseAddress?.advanced(by: put), got - put, targetStart + off_t(done + put))
                }
                if wrote < 0 && shim_errno() == EINTR { continue }
                guard wrote > 0 else { throw FileError(.write, targetPath, errno: shim_errno()) }
                put += wrote
            }
            done += got
        }
    }
}
